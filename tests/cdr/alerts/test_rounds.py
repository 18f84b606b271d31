"""Rules that are due are looked at once, whoever comes, how late and how often; and one that cannot be looked at says so."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from cdr.alert_rows import Alert, AlertEvent, AlertRule
from cdr.alerts import rounds, transitions
from cdr.alerts.measures import measured
from cdr.alerts.rounds import HELD, look_at_what_is_due
from cdr.pure.alerts.kinds import AlertKind, AlertScope
from cdr.tasks import look_at_alert_rules
from streams import jobs
from tests.cdr.alerts.rows import due, only, open_alerts, rule, streams
from tests.streams.refusing_database import read_only

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def test_a_rule_that_is_due_is_looked_at_and_put_off() -> None:
    watched = only(AlertKind.CONNECTION_ERRORS, 5)
    streams(6, failed=5)
    assert look_at_what_is_due() == 1 and open_alerts() == ["5 streams ended with a connection error within 10 minutes"]
    watched.refresh_from_db()
    assert watched.evaluated_at and watched.due_at and watched.problem == watched.claimed_by == ""
    assert abs(watched.due_at - timezone.now() - MINUTE) < timedelta(seconds=30)
    assert look_at_what_is_due() == 0


def test_two_beats_and_a_late_one_open_no_alert_twice() -> None:
    only(AlertKind.CONNECTION_ERRORS, 5)
    streams(5, failed=5)
    for _ in range(3):
        look_at_alert_rules()
        due()
        look_at_alert_rules()
    assert Alert.objects.count() == 1 and AlertEvent.objects.count() == 1


def test_what_another_worker_has_in_hand_is_left_to_it() -> None:
    watched = only(AlertKind.CONNECTION_ERRORS, 5)
    streams(5, failed=5)
    assert jobs.claim(watched, timezone.now(), HELD)
    assert look_at_what_is_due() == 0 and open_alerts() == []


def test_a_worker_that_lost_its_claim_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was paused between the question and the answer; another one has looked meanwhile."""
    only(AlertKind.CONNECTION_ERRORS, 5)
    streams(5, failed=5)
    really = measured

    def slow(*arguments: Any) -> Any:
        figures = really(*arguments)
        AlertRule.objects.update(claimed_by="somebody else")
        return figures

    monkeypatch.setattr(rounds, "measured", slow)
    look_at_what_is_due()
    assert Alert.objects.count() == 0 and AlertRule.objects.get().claimed_by == "somebody else"


def test_the_database_itself_keeps_two_open_alerts_of_a_subject_apart() -> None:
    only(AlertKind.CONNECTION_ERRORS, 5)
    streams(5, failed=5)
    look_at_what_is_due()
    alert = Alert.objects.get()
    alert.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        alert.save(force_insert=True)


def test_a_worker_that_died_is_followed_by_another() -> None:
    watched = only(AlertKind.CONNECTION_ERRORS, 5)
    streams(5, failed=5)
    jobs.claim(watched, timezone.now() - HELD - MINUTE, HELD)
    assert look_at_what_is_due() == 1 and len(open_alerts()) == 1


def test_what_happened_while_nobody_looked_is_found() -> None:
    """The worker was away for an hour and a half; the errors came and went in between."""
    watched = only(AlertKind.CONNECTION_ERRORS, 5)
    AlertRule.objects.update(evaluated_at=timezone.now() - 90 * MINUTE)
    streams(5, failed=5, ago=45 * MINUTE)
    look_at_what_is_due()
    alert = Alert.objects.get()
    assert 30 * MINUTE < timezone.now() - alert.opened_at < 46 * MINUTE and alert.closed_at is not None
    assert list(alert.events.values_list("step", flat=True)) == ["opened", "cleared", "closed"]
    watched.refresh_from_db()
    assert watched.evaluated_at and timezone.now() - watched.evaluated_at < MINUTE


def test_a_rule_that_is_switched_off_is_not_looked_at_and_its_alerts_close() -> None:
    watched = only(AlertKind.CONNECTION_ERRORS, 5)
    streams(5, failed=5)
    look_at_what_is_due()
    AlertRule.objects.update(enabled=False, due_at=None)
    assert look_at_what_is_due() == 0 and open_alerts() == []
    alert = Alert.objects.get()
    assert alert.closed_why == transitions.RULE_GONE and alert.rule == watched


def test_an_alert_outlives_its_rule() -> None:
    watched = only(AlertKind.CONNECTION_ERRORS, 5, scope=AlertScope.EACH_ACCOUNT.value)
    streams(5, failed=5)
    look_at_what_is_due()
    watched.delete()
    look_at_what_is_due()
    alert = Alert.objects.get()
    assert (alert.rule, alert.title, alert.closed_why) == (None, watched.name, transitions.RULE_GONE)


# What cannot be looked at -----------------------------------------------------------------------------------------------------------
def test_a_question_that_the_database_refuses_is_told_where_the_rule_is(monkeypatch: pytest.MonkeyPatch) -> None:
    watched, other = only(AlertKind.CONNECTION_ERRORS, 5), rule(AlertKind.DEGRADED_STREAMS, 5)
    streams(10, degraded=5)
    really = measured

    def refuses(kind: AlertKind, *arguments: Any) -> Any:
        if kind == AlertKind.CONNECTION_ERRORS:
            raise OperationalError("canceling statement due to statement timeout\nDETAIL: secret")
        return really(kind, *arguments)

    monkeypatch.setattr(rounds, "measured", refuses)
    assert look_at_what_is_due() == 2
    watched.refresh_from_db()
    assert (
        watched.problem == "The database refused the question: canceling statement due to statement timeout. A worker's log has the rest."
    )
    assert watched.claimed_by == "" and watched.due_at and watched.due_at > timezone.now()
    assert [alert.rule for alert in Alert.objects.all()] == [other]
    monkeypatch.undo()
    due()
    look_at_what_is_due()
    watched.refresh_from_db()
    assert watched.problem == ""


def test_a_fault_of_ours_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = only(AlertKind.PLATFORM, 1)
    monkeypatch.setattr(rounds, "measured", lambda *arguments: 1 / 0)
    look_at_what_is_due()
    watched.refresh_from_db()
    assert watched.problem == "A fault of the platform: division by zero. A worker's log has the rest."


@pytest.mark.django_db(transaction=True)
def test_with_the_database_away_nothing_is_lost() -> None:
    """What is refused is raised, for the task to wait; the claim runs out, and the next look finds what was missed."""
    only(AlertKind.CONNECTION_ERRORS, 5)
    streams(5, failed=5)
    with read_only() as refuse:
        refuse()
        connection.close()  # what was open before is not told everywhere
        with pytest.raises(DatabaseError):
            look_at_what_is_due()
    assert Alert.objects.count() == 0
    AlertRule.objects.filter(claimed_until__isnull=False).update(claimed_until=timezone.now() - MINUTE)
    look_at_what_is_due()
    assert len(open_alerts()) == 1
