"""Messages as jobs: tried by the plan of callbacks, each try written down, and a place that fails says so."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cdr.alert_rows import AlertChannel, AlertMessage, AlertTry, MessageState
from cdr.alerts import gathering, outbox
from cdr.alerts.outbox import HELD, LOST, remove_old, send_next
from cdr.alerts.sending import AlertSend
from streams import jobs
from tests.cdr.alerts.rows import channel

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> AlertChannel:
    return channel()


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the next tries come to; that a receiver is asked is told by test_sending."""
    given: list[dict[str, Any]] = []

    def answer(message: AlertMessage, clock: Any) -> AlertSend:
        one = given.pop(0)
        attempt = AlertTry(started_at=clock.now(), duration_ms=5, status=one.get("status"), error="" if one["sent"] else "It answered so.")
        return AlertSend(attempt, one["sent"], one.get("may_retry", True), one.get("late", False), one.get("after"), one.get("warning", ""))

    monkeypatch.setattr(outbox, "send_message", answer)
    return given


def now_due() -> None:
    AlertMessage.objects.filter(finished_at=None).update(due_at=timezone.now())


def wait_seconds() -> float:
    message = AlertMessage.objects.get()
    assert message.due_at is not None
    return (message.due_at - timezone.now()).total_seconds()


def test_what_is_taken_is_done(place: AlertChannel, answers: list[Any]) -> None:
    gathering.ask_for_test(place, "maria")
    answers.append({"sent": True, "status": 200})
    assert send_next() and not send_next()
    message = AlertMessage.objects.get()
    assert (message.state, message.tries, message.attempts.get().number) == (MessageState.SENT, 1, 1)
    place.refresh_from_db()
    assert place.last_sent_at and place.failing_since is None


def test_what_fails_is_tried_by_the_plan_of_callbacks_until_it_is_given_up(place: AlertChannel, answers: list[Any], settings: Any) -> None:
    settings.CALLBACK_RETRY_SECONDS = (5.0, 300.0)
    gathering.ask_for_test(place, "maria")
    answers += [{"sent": False, "status": 500} for _ in range(3)]
    assert send_next() and not send_next() and 3 < wait_seconds() < 7
    now_due()
    assert send_next() and 230 < wait_seconds() < 370
    now_due()
    send_next()
    message = AlertMessage.objects.get()
    assert (message.state, message.tries) == (MessageState.GIVEN_UP, 3) and message.finished_at
    assert list(message.attempts.values_list("number", flat=True)) == [1, 2, 3]


def test_slack_that_wants_a_pause_gets_it(place: AlertChannel, answers: list[Any]) -> None:
    gathering.ask_for_test(place, "maria")
    answers.append({"sent": False, "status": 429, "after": 100.0})
    send_next()
    assert 90 < wait_seconds() < 125


def test_what_can_never_be_taken_is_given_up_at_once(place: AlertChannel, answers: list[Any]) -> None:
    gathering.ask_for_test(place, "maria")
    answers.append({"sent": False, "may_retry": False})
    send_next()
    assert AlertMessage.objects.get().state == MessageState.GIVEN_UP


def test_a_place_that_fails_says_since_when_and_why_until_it_works(place: AlertChannel, answers: list[Any]) -> None:
    gathering.ask_for_test(place, "maria")
    answers += [{"sent": False}, {"sent": False}, {"sent": True, "warning": "not taken for a@b (550 no)"}]
    send_next()
    place.refresh_from_db()
    since = place.failing_since
    assert since and place.last_error == "It answered so."
    now_due()
    send_next()
    place.refresh_from_db()
    assert place.failing_since == since
    now_due()
    send_next()
    place.refresh_from_db()
    assert place.failing_since is None and place.last_error == "not taken for a@b (550 no)"


def test_a_try_that_was_lost_with_its_worker_has_a_line(place: AlertChannel, answers: list[Any]) -> None:
    message = gathering.ask_for_test(place, "maria")
    jobs.claim(message, timezone.now() - HELD - timedelta(seconds=1), HELD)
    answers.append({"sent": True})
    send_next()
    assert list(AlertTry.objects.values_list("number", "error")) == [(1, LOST), (2, "")]


def test_one_worker_sends_it(place: AlertChannel, answers: list[Any]) -> None:
    message = gathering.ask_for_test(place, "maria")
    jobs.claim(message, timezone.now(), HELD)
    assert not send_next()


def test_a_place_that_hangs_keeps_back_no_other(place: AlertChannel, answers: list[Any]) -> None:
    for _ in range(3):
        jobs.claim(gathering.ask_for_test(place, "maria"), timezone.now(), HELD)
    gathering.ask_for_test(place, "maria")
    other = channel()
    gathering.ask_for_test(other, "maria")
    answers.append({"sent": True})
    assert send_next()
    assert AlertMessage.objects.get(state=MessageState.SENT).channel == other


def test_old_messages_are_removed(place: AlertChannel, answers: list[Any]) -> None:
    gathering.ask_for_test(place, "maria")
    answers.append({"sent": True})
    send_next()
    assert remove_old() == 0
    AlertMessage.objects.update(finished_at=timezone.now() - outbox.KEPT - timedelta(days=1))
    assert remove_old() == 2 and not AlertTry.objects.exists()
