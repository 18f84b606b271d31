"""What is to be told becomes messages: a storm is one, a pager gets incidents, and nobody gets more than a few."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cdr.alert_rows import Alert, AlertChannel, AlertMessage, AlertNotice
from cdr.alerts import gathering
from cdr.alerts.gathering import MOST_MESSAGES, MOST_UNSENT, gather
from cdr.pure.alerts.kinds import AlertKind
from tests.cdr.alerts.rows import channel, rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def webhook() -> AlertChannel:
    return channel()


@pytest.fixture
def pager() -> AlertChannel:
    return channel("pagerduty", secret="R0UT1NG")


def alerts(count: int = 1) -> list[Alert]:
    watched, now = rule(AlertKind.CONNECTION_ERRORS), timezone.now()
    times = {"opened_at": now, "seen_at": now, "told_at": now}
    figures = {"threshold": 5, "value": 5, "worst": 5, "noted": 5}
    return Alert.objects.bulk_create(
        Alert(rule=watched, title=watched.name, kind=watched.kind, subject=f"host:{n}", headline=f"host {n} fails", **times, **figures)
        for n in range(count)
    )


def notices(place: AlertChannel, told: list[Alert], step: str = "opened", later: timedelta = timedelta()) -> None:
    now = timezone.now()
    AlertNotice.objects.bulk_create(
        AlertNotice(channel=place, alert=alert, step=step, at=now, headline=alert.headline, due_at=now + later) for alert in told
    )


def close(told: list[Alert]) -> None:
    Alert.objects.filter(pk__in=[alert.pk for alert in told]).update(closed_at=timezone.now())


def contents() -> list[dict[str, Any]]:
    return list(AlertMessage.objects.order_by("pk").values_list("content", flat=True))


def incidents() -> list[tuple[str, str]]:
    return [(content["action"], content["incident"]) for content in contents()]


def test_a_storm_is_one_message(webhook: AlertChannel) -> None:
    notices(webhook, alerts(300))
    assert gather() == 1 and gather() == 0
    (content,) = contents()
    assert content["counts"] == {"opened": 300} and len(content["lines"]) == 20
    assert not AlertNotice.objects.filter(message=None).exists()


def test_what_opened_and_closed_meanwhile_is_in_it(webhook: AlertChannel) -> None:
    told = alerts(2)
    notices(webhook, told)
    notices(webhook, told[:1], "closed")
    gather()
    assert contents()[0]["counts"] == {"opened": 2, "closed": 1}
    assert [line["step"] for line in contents()[0]["lines"]] == ["opened", "opened", "closed"]


def test_what_is_quiet_waits(webhook: AlertChannel) -> None:
    notices(webhook, alerts(), later=timedelta(hours=1))
    assert gather() == 0
    AlertNotice.objects.update(due_at=timezone.now())
    assert gather() == 1


def test_a_place_gets_so_many_and_then_one_for_all_that_waits(webhook: AlertChannel) -> None:
    for number in range(MOST_MESSAGES + 5):
        notices(webhook, alerts())
        assert gather() == (1 if number < MOST_MESSAGES else 0)
    AlertMessage.objects.update(created_at=timezone.now() - gathering.WITHIN)
    assert gather() == 1 and contents()[-1]["counts"] == {"opened": 5}


def test_tests_keep_back_no_alert(webhook: AlertChannel) -> None:
    for _ in range(MOST_MESSAGES + 1):
        gathering.ask_for_test(webhook, "maria")
    notices(webhook, alerts())
    assert gather() == 1


def test_a_place_that_takes_nothing_for_a_day_gets_a_few_messages_when_it_is_back(webhook: AlertChannel) -> None:
    made = 0
    for _ in range(3 * MOST_UNSENT):
        notices(webhook, alerts())
        made += gather()
        AlertMessage.objects.update(created_at=timezone.now() - gathering.WITHIN)
    assert made == MOST_UNSENT
    AlertMessage.objects.update(finished_at=timezone.now())
    assert gather() == 1 and contents()[-1]["counts"] == {"opened": 2 * MOST_UNSENT}


def test_what_was_to_be_told_to_a_place_that_is_switched_off_is_dropped(webhook: AlertChannel) -> None:
    notices(webhook, alerts())
    AlertChannel.objects.update(enabled=False)
    assert gather() == 0 and not AlertNotice.objects.exists()


def test_places_are_told_apart(webhook: AlertChannel) -> None:
    other = channel()
    notices(webhook, told := alerts(2))
    notices(other, told[:1])
    assert gather() == 2
    assert {message.channel_id: sum(message.content["counts"].values()) for message in AlertMessage.objects.all()} == {
        webhook.pk: 2,
        other.pk: 1,
    }


# A pager --------------------------------------------------------------------------------------------------------------------------
def test_a_pager_gets_an_incident_for_each_and_its_end(pager: AlertChannel) -> None:
    one, other = told = alerts(2)
    notices(pager, told)
    assert gather() == 2
    close([one])
    notices(pager, [one], "closed")
    assert gather() == 1
    assert incidents() == [
        ("trigger", f"streamdesk-alert-{one.pk}"),
        ("trigger", f"streamdesk-alert-{other.pk}"),
        ("resolve", f"streamdesk-alert-{one.pk}"),
    ]


def test_of_a_storm_one_that_ends_with_its_last_alert(pager: AlertChannel) -> None:
    told = alerts(50)
    notices(pager, told)
    assert gather() == 1
    close(told[:49])
    notices(pager, told[:49], "closed")
    assert gather() == 0
    close(told[49:])
    notices(pager, told[49:], "closed")
    assert gather() == 1
    (action, storm), ended = incidents()
    assert action == "trigger" and ended == ("resolve", storm)
    assert not AlertNotice.objects.filter(message=None).exists()


def test_one_that_is_told_again_is_the_same_incident(pager: AlertChannel) -> None:
    told = alerts()
    for step in ("opened", "repeated"):
        notices(pager, told, step)
        gather()
    assert len({incident for _, incident in incidents()}) == 1


def test_what_opened_and_closed_before_it_was_told_opens_and_resolves(pager: AlertChannel) -> None:
    told = alerts()
    notices(pager, told)
    close(told)
    notices(pager, told, "closed")
    gather()
    assert [action for action, _ in incidents()] == ["trigger", "resolve"]
