"""The list of alerts, the page of one, its messages, and the taking in hand."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cdr.alert_rows import Alert, AlertNotice, AlertTry
from cdr.alerts import gathering
from cdr.models import AuditEntry
from cdr.pages.alert import behind
from cdr.pure.alerts.kinds import AlertKind
from tests.cdr.admin.reading import listed
from tests.cdr.alerts.rows import alert, streams
from tests.cdr.call_script import make_gateway

pytestmark = pytest.mark.django_db

LIST = "/admin/cdr/alert/"


def page(client: Client, key: int, rest: str = "change") -> str:
    return f"{LIST}{key}/{rest}/"


def test_the_list_says_what_went_wrong_in_words(support: Client, django_assert_max_num_queries) -> None:
    for number in range(20):
        alert(f"host{number}.example.com: 5 streams failed")
    alert("closed one", closed_at=timezone.now())
    with django_assert_max_num_queries(8):
        html = support.get(LIST).content.decode()
    assert "host7.example.com: 5 streams failed" in html and html.count("field-what") == 21
    assert len(list(listed(support, f"{LIST}?state=open").result_list)) == 20
    assert [one.headline for one in listed(support, f"{LIST}?q=HOST7.").result_list] == ["host7.example.com: 5 streams failed"]


def test_the_page_of_one_says_what_was_found_and_who_was_told(operator: Client, django_assert_max_num_queries) -> None:
    one = alert()
    place = one.rule.channels.get()
    message = gathering.ask_for_test(place, "maria")
    AlertTry.objects.create(message=message, number=1, started_at=timezone.now(), duration_ms=5, status=500, error="It answered 500.")
    for due_at in (timezone.now(), timezone.now() + timedelta(hours=3)):
        told = message if due_at < timezone.now() else None
        AlertNotice.objects.create(alert=one, channel=place, message=told, step="opened", at=due_at, headline="x", due_at=due_at)
    with django_assert_max_num_queries(16):
        html = operator.get(page(operator, one.pk)).content.decode()
    for words in ("Nobody has it in hand yet.", "The alert opened.", "5; the threshold is 5.", "It answered 500.", place.name):
        assert words in html
    assert "What happened since is told at" in html and "Take it in hand" in html


def test_somebody_takes_it_in_hand_with_a_note(operator: Client) -> None:
    one = alert()
    assert "Take this alert in hand?" in operator.get(page(operator, one.pk, "acknowledge")).content.decode()
    answer = operator.post(page(operator, one.pk, "acknowledge"), {"note": "calling <b>them</b>\u202e"}, follow=True)
    one.refresh_from_db()
    assert (one.acknowledged_by, one.note) == ("maria", "calling <b>them</b>\ufffd")
    assert "maria has had it in hand since" in answer.content.decode() and "calling &lt;b&gt;them" in answer.content.decode()
    entry = AuditEntry.objects.get()
    assert (entry.by, entry.act, entry.kind) == ("maria", "acknowledge an alert", "alert")
    assert one.events.last().words == "maria: calling <b>them</b>\ufffd"


def test_one_that_has_closed_is_nobodys_to_take(operator: Client) -> None:
    one = alert(closed_at=timezone.now())
    assert "It has closed meanwhile" in operator.get(page(operator, one.pk, "acknowledge")).content.decode()
    answer = operator.post(page(operator, one.pk, "acknowledge"), {"note": ""}, follow=True)
    assert "Nothing was done" in answer.content.decode() and Alert.objects.get().acknowledged_at is None


def test_a_note_is_not_a_novel(operator: Client) -> None:
    one = alert()
    answer = operator.post(page(operator, one.pk, "acknowledge"), {"note": "x" * 501})
    assert "at most 500 characters" in answer.content.decode() and Alert.objects.get().acknowledged_at is None


def test_support_looks_and_takes_nothing(support: Client) -> None:
    one = alert()
    html = support.get(page(support, one.pk)).content.decode()
    assert "Take it in hand" not in html and support.post(page(support, one.pk, "acknowledge"), {"note": "x"}).status_code == 403


@pytest.mark.parametrize("key", ["0", "99999999999999999999", "x", "-1"])
def test_what_is_not_there_is_said(support: Client, key: str) -> None:
    assert support.get(f"{LIST}{key}/change/").status_code == 404


@pytest.mark.parametrize("kind", list(AlertKind))
def test_every_kind_leads_to_the_list_that_its_figure_was_counted_from(administrator: Client, kind: AlertKind) -> None:
    gateway = make_gateway()
    one = alert(kind=kind.value, account=gateway.account, host="")
    door = f"{behind(one).words}</a>"
    html = administrator.get(page(administrator, one.pk)).content.decode()
    assert door in html
    address = html.split(door)[0].rpartition('href="')[2].rstrip('">').replace("&amp;", "&")
    answer: Any = administrator.get(address)
    assert answer.status_code == 200, address
    if answer.context_data.get("cl"):
        assert answer.context_data["cl"].problems == []


def test_the_list_behind_a_figure_shows_just_those_streams(administrator: Client) -> None:
    streams(4, failed=2)
    streams(3, failed=3, host="other.example.com")
    streams(3, failed=3, ago=timedelta(hours=2))
    query = behind(alert()).query
    assert {stream.service_host for stream in listed(administrator, f"/admin/cdr/streamdetail/?{query}").result_list} == {"bot.example.com"}
    assert len(list(listed(administrator, f"/admin/cdr/streamdetail/?{query}").result_list)) == 2
    assert set(parse_qs(urlsplit(f"?{query}").query)) == {"reason", "from", "to", "q"}


def test_a_message_says_what_was_sent_and_each_try(operator: Client) -> None:
    message = gathering.ask_for_test(alert().rule.channels.get(), "maria")
    AlertTry.objects.create(
        message=message, number=1, started_at=timezone.now(), duration_ms=5, status=429, error="Busy.", answer="<b>no</b>"
    )
    html = operator.get(f"/admin/cdr/alertmessage/{message.pk}/change/").content.decode()
    for words in ("[Streamdesk] Test message", "Nothing is wrong", "429", "Busy.", "&lt;b&gt;no&lt;/b&gt;", message.message_id):
        assert words in html
    assert "[Streamdesk] Test message" in operator.get("/admin/cdr/alertmessage/").content.decode()


def test_who_may_see_no_messages_is_led_to_none(support: Client) -> None:
    one = alert()
    message = gathering.ask_for_test(place := one.rule.channels.get(), "maria")
    AlertNotice.objects.create(
        alert=one, channel=place, message=message, step="opened", at=one.opened_at, headline="x", due_at=one.opened_at
    )
    html = support.get(page(support, one.pk)).content.decode()
    assert place.name in html and "/admin/cdr/alertmessage/" not in html


def test_the_bell_stands_on_every_page_of_those_who_may_see_alerts(support: Client, stranger: Client) -> None:
    assert LIST in support.get("/admin/sessions/").content.decode() and LIST not in stranger.get("/admin/sessions/").content.decode()
    assert User.objects.count() == 2
