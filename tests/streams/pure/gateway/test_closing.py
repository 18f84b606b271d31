"""Which ends of a socket are a loss."""

import pytest

from streams.pure.gateway.closing import ended_message, failed_message


@pytest.mark.parametrize(
    ("code", "lost"), [(1000, False), (1001, False), (1005, False), (4000, False), (1006, True), (1011, True), (None, True)]
)
def test_by_its_close_code(code, lost):
    end = ended_message(code, by_us=False)
    assert (end.lost, end.code) == (lost, code)
    assert end.words.endswith(".")


def test_an_unknown_code_is_named():
    assert ended_message(3999, by_us=False).words == "The gateway closed with code 3999."


@pytest.mark.parametrize("code", [1000, 1001, 1006, None])
def test_after_a_close_of_ours_the_code_means_nothing(code):
    assert not ended_message(code, by_us=True).lost


@pytest.mark.parametrize(
    ("code", "problem", "words"),
    [
        (1009, "frame too big", "We closed the gateway's connection, because a message of it is too large: 1009, frame too big."),
        (1007, "bad byte 3", "We closed the gateway's connection, because a text of it is not UTF-8: 1007, bad byte 3."),
        (1002, "RSV set", "We closed the gateway's connection, because what it sent is not the WebSocket protocol: 1002, RSV set."),
        (None, "it did not read", "We closed the gateway's connection, because it did not read."),
        (1003, "odd", "We closed the gateway's connection, because 1003, odd."),
    ],
)
def test_what_we_ended_a_connection_for_is_ours(code, problem, words):
    end = failed_message(code, problem)
    assert (end.words, end.lost, end.ours) == (words, True, True)
    assert end.facts == {"our_close_code": code}


def test_a_loss_that_the_network_explains_is_told_with_its_reason_and_was_not_ours():
    end = failed_message(1006, "nothing was acknowledged for 15 s")
    assert (end.words, end.lost, end.ours) == ("The connection to the gateway was lost: nothing was acknowledged for 15 s.", True, False)
