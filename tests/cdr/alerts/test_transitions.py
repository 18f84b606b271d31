"""What becomes of alerts, look by look: by a clock that the test turns."""

from datetime import datetime, time, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cdr.alert_rows import Alert, AlertEvent, AlertNotice, AlertRule
from cdr.alerts.grouping import Found
from cdr.alerts.transitions import KEPT, MOST_OPEN, RuleLook, forget_closed, too_many_words
from cdr.pure.alerts.judging import HOLD_MINUTES, Seen, Subject
from cdr.pure.alerts.kinds import AlertKind, AlertScope
from tests.cdr.alerts.rows import channel, only
from tests.cdr.call_script import make_gateway

pytestmark = pytest.mark.django_db

BEGAN = timezone.now().replace(microsecond=0) - timedelta(days=1)
ALL = Subject()


@pytest.fixture
def watched() -> AlertRule:
    made = only(AlertKind.CONNECTION_ERRORS, 10)
    made.channels.add(channel())
    return made


def at(minute: float) -> datetime:
    return BEGAN + timedelta(minutes=minute)


def look(watched: AlertRule, minute: float, value: float | None = None, **found: float) -> RuleLook:
    """With one figure for all, or one for each of several hosts."""
    of_all: Found = {} if value is None else {ALL: Seen(Decimal(str(value)))}
    of_hosts: Found = {Subject(host=f"{name}.example.com"): Seen(Decimal(str(one))) for name, one in found.items()}
    done = RuleLook(watched, of_all | of_hosts, at(minute), at(minute))
    done.write()
    return done


def steps() -> list[str]:
    return list(AlertEvent.objects.order_by("pk").values_list("step", flat=True))


def told() -> list[str]:
    return list(AlertNotice.objects.order_by("pk").values_list("step", flat=True))


def test_it_opens_is_repeated_clears_and_closes(watched: AlertRule) -> None:
    for minute in range(61):
        look(watched, minute, 10)
    look(watched, 61, 0)
    look(watched, 61 + HOLD_MINUTES - 1, 0)
    assert Alert.objects.get().closed_at is None
    look(watched, 61 + HOLD_MINUTES, 0)
    alert = Alert.objects.get()
    assert (alert.opened_at, alert.seen_at, alert.closed_at) == (at(0), at(60), at(66))
    assert steps() == ["opened", "repeated", "cleared", "closed"] and told() == ["opened", "repeated", "closed"]
    assert alert.events.first().words == "10; the threshold is 10."


def test_what_falls_below_for_a_minute_is_one_alert_that_was_told_once(watched: AlertRule) -> None:
    for minute in range(50):
        look(watched, minute, 0 if minute % 3 else 12)
    assert Alert.objects.count() == 1 and told() == ["opened"]


def test_what_hovers_about_the_threshold_stays_open(watched: AlertRule) -> None:
    for minute in range(50):
        look(watched, minute, 9.5 if minute % 2 else 10)
    assert Alert.objects.count() == 1 and steps() == ["opened"]


def test_what_comes_back_soon_is_the_same_alert_held_longer(watched: AlertRule) -> None:
    for minute, value in ((0, 10), (1, 0), (6, 0), (20, 11), (21, 0), (26, 0), (30, 0), (31, 0)):
        look(watched, minute, value)
    alert = Alert.objects.get()
    assert alert.reopened == 1 and alert.closed_at == at(31) and alert.worst == 11
    assert told() == ["opened", "closed", "reopened", "closed"]


def test_what_comes_back_the_next_day_is_another(watched: AlertRule) -> None:
    for minute, value in ((0, 10), (1, 0), (6, 0), (37, 10)):
        look(watched, minute, value)
    assert Alert.objects.count() == 2


def test_it_gets_worse_and_says_so_without_telling_anybody_twice(watched: AlertRule) -> None:
    for minute, value in enumerate((10, 11, 12, 13, 14, 100, 101)):
        look(watched, minute, value)
    alert = Alert.objects.get()
    assert alert.value == alert.worst == 101 and steps() == ["opened", "worse", "worse"] and told() == ["opened"]


def test_one_that_somebody_has_in_hand_is_not_repeated_and_keeps_the_note(watched: AlertRule) -> None:
    look(watched, 0, 10)
    Alert.objects.update(acknowledged_at=at(1), acknowledged_by="maria", note="calling them")
    look(watched, 120, 10)
    alert = Alert.objects.get()
    assert (alert.acknowledged_by, alert.note) == ("maria", "calling them") and told() == ["opened"]


def test_one_that_comes_back_is_nobodys(watched: AlertRule) -> None:
    """Who had it in hand is told again: it was over."""
    look(watched, 0, 10)
    Alert.objects.update(acknowledged_at=at(1), acknowledged_by="maria", note="calling them")
    for minute, value in ((2, 0), (7, 0), (10, 10)):
        look(watched, minute, value)
    alert = Alert.objects.get()
    assert alert.acknowledged_at is None and alert.acknowledged_by == "" and alert.closed_at is None


def test_each_subject_has_its_own(watched: AlertRule) -> None:
    watched.scope = AlertScope.EACH_HOST.value
    look(watched, 0, bot=10, ok=1, recorder=20)
    assert [alert.host for alert in Alert.objects.order_by("pk")] == ["recorder.example.com", "bot.example.com"]
    look(watched, 1, bot=10)
    look(watched, 6, bot=10)
    assert [alert.host for alert in Alert.objects.filter(closed_at=None)] == ["bot.example.com"]


def test_names_of_accounts_and_gateways_stand_in_the_headline(watched: AlertRule) -> None:
    gateway = make_gateway()
    found: Found = {subject: Seen(Decimal(10)) for subject in (Subject(account_id=gateway.account_id), Subject(gateway_id=gateway.pk))}
    RuleLook(watched, found, at(0), at(0)).write()
    assert [alert.headline.split(":")[0] for alert in Alert.objects.order_by("pk")] == ["Acme Robotics", "gateway pbx-1"]


def test_ten_thousand_subjects_at_once_are_bounded_in_rows_and_queries(watched: AlertRule) -> None:
    found: Found = {Subject(host=f"h{number}.example.com"): Seen(Decimal(10 + number)) for number in range(10_000)}
    with CaptureQueriesContext(connection) as queries:
        done = RuleLook(watched, found, at(0), at(0))
        done.write()
        RuleLook(watched, found, at(1), at(1)).write()
    assert Alert.objects.count() == AlertNotice.objects.count() == MOST_OPEN and done.more == 10_000 - MOST_OPEN
    assert Alert.objects.filter(host="h9999.example.com").exists()  # the worst have one
    assert len(queries) < 40
    assert too_many_words(done.more) == "9500 subjects more over the threshold: only the 500 highest have an alert."


def test_in_quiet_hours_it_opens_and_is_told_when_they_are_over(watched: AlertRule) -> None:
    watched.quiet_from, watched.quiet_to, watched.time_zone = time(0), time(23, 59), "UTC"
    noon = BEGAN.replace(hour=12, minute=0, second=0)
    RuleLook(watched, {ALL: Seen(Decimal(10))}, noon, noon).write()
    assert Alert.objects.get().opened_at == noon and AlertNotice.objects.get().due_at == noon.replace(hour=23, minute=59)


def test_places_that_are_switched_off_are_not_told(watched: AlertRule) -> None:
    watched.channels.update(enabled=False)
    look(watched, 0, 10)
    assert Alert.objects.count() == 1 and told() == []


def test_what_closed_meanwhile_stays_closed(watched: AlertRule) -> None:
    """Somebody switched the rule off between the question and the answer."""
    look(watched, 0, 10)
    waiting = RuleLook(watched, {ALL: Seen(Decimal(12))}, at(1), at(1))
    really = waiting._go_on

    def closed_first(alert: Alert, seen: Seen | None) -> None:
        Alert.objects.update(closed_at=at(1), closed_why="by hand")
        really(alert, seen)

    waiting._go_on = closed_first  # type: ignore[method-assign]
    waiting.write()
    assert Alert.objects.get().closed_why == "by hand"


def test_alerts_that_closed_long_ago_are_removed(watched: AlertRule) -> None:
    for minute, value in ((0, 10), (1, 0), (6, 0)):
        look(watched, minute, value)
    assert forget_closed(at(0) + KEPT) == 0
    assert forget_closed(at(60) + KEPT) > 1 and not AlertEvent.objects.exists() and not AlertNotice.objects.exists()


def test_what_stays_as_it_was_is_still_met_and_what_clears_is_not(watched: AlertRule) -> None:
    for minute, value in ((0, 10), (1, 10), (2, 0), (3, 0)):
        look(watched, minute, value)
    assert Alert.objects.get().seen_at == at(1)
