"""What is kept of refused attempts: those that are alike together, gateways that are known first, and never more than the bounds."""

import pytest

from streams.pure.gateway.refusal import WAITING_AT_MOST, WRITES, Reason, Refusal, Tally

KNOWN = Refusal(Reason.WRONG_PASSWORD, "Wrong.", "pbx", "asterisk", "192.0.2.1", known=True)


def stranger(number: int) -> Refusal:
    return Refusal(Reason.UNKNOWN_GATEWAY, "Unknown.", f"gw{number}", "asterisk", "192.0.2.66")


@pytest.fixture
def tally() -> Tally:
    return Tally()


def test_attempts_that_are_alike_are_counted_together_and_the_last_speaks(tally) -> None:
    for at, words in ((10.0, "First."), (12.0, "Second."), (17.0, "Third.")):
        tally.add(Refusal(Reason.WRONG_PASSWORD, words, "pbx", "asterisk", "192.0.2.1"), at)
    (attempts,) = tally.take(0)
    assert (attempts.count, attempts.first_at, attempts.last_at, attempts.last.words) == (3, 10.0, 17.0, "Third.")
    assert not tally and tally.take(1) == []


@pytest.mark.parametrize(
    "other",
    [
        Refusal(Reason.NO_SIGNATURE, "", "pbx", "asterisk", "192.0.2.1"),
        Refusal(Reason.WRONG_PASSWORD, "", "pbx", "twilio", "192.0.2.1"),
        Refusal(Reason.WRONG_PASSWORD, "", "pbx", "asterisk", "192.0.2.2"),
        Refusal(Reason.WRONG_PASSWORD, "", "pbx2", "asterisk", "192.0.2.1"),
    ],
)
def test_attempts_that_differ_are_apart(tally, other) -> None:
    tally.add(KNOWN, 0)
    tally.add(other, 0)
    assert len(tally.take(0)) == 2


def test_known_gateways_come_before_strangers(tally) -> None:
    for number in range(100):
        tally.add(stranger(number), 0)
    tally.add(KNOWN, 1)
    assert tally.take(0)[0].last is KNOWN


def test_a_flood_of_names_is_bounded_and_the_rest_is_counted(tally) -> None:
    for number in range(10_000):
        tally.add(stranger(number), float(number))
    tally.add(KNOWN, 1)
    first = tally.take(0)
    assert [attempts.last.reason for attempts in first[:2]] == [Reason.UNLISTED, Reason.WRONG_PASSWORD]
    assert (first[0].count, first[0].last.name) == (10_000 - WAITING_AT_MOST, "")
    rest = [attempts for second in range(1, 400) for attempts in tally.take(float(second))]
    assert sum(attempts.count for attempts in first + rest) == 10_001 and len(first + rest) == WAITING_AT_MOST + 2


def test_so_many_writes_at_once_and_then_one_a_second(tally) -> None:
    taken = []
    for second in range(61):
        for number in range(WAITING_AT_MOST):
            tally.add(stranger(number), second)
        taken += tally.take(float(second))
    assert len(taken) == WRITES.at_once + 60 * WRITES.a_second


def test_what_could_not_be_written_is_joined_with_what_came_since(tally) -> None:
    tally.add(KNOWN, 1.0)
    unwritten = tally.take(0)
    tally.add(KNOWN, 9.0)
    tally.give_back(unwritten)
    (attempts,) = tally.take(1)
    assert (attempts.count, attempts.first_at, attempts.last_at) == (2, 1.0, 9.0)
