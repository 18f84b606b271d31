"""Sharing a debug log by a link: who may, what is asked, what is shown once, what the stream's page lists, and revoking it."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.html import escape

from cdr.log_links import MOST_AT_ONCE
from cdr.models import AuditEntry, LogLink
from cdr.pure.retention import Kind
from cdr.retention.removal import remove
from streams.database_clock import database_now
from streams.models import Stream
from tests.cdr import factories
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway
from tests.cdr.same_thread import draw_in_this_thread

ALL = {"lasts": "24", "made_for": "ticket 7", "details": "on", "numbers": "on"}


@pytest.fixture
def stream(db: None, monkeypatch: pytest.MonkeyPatch) -> Stream:
    draw_in_this_thread(monkeypatch)
    return factories.closed_call(make_gateway()).streams.get()


def address(stream: Stream, act: str = "change", *more: object) -> str:
    return "/".join(map(str, (f"/admin/cdr/streamdetail/{stream.uuid}/{act}", *more, "")))


def made(client: Client, stream: Stream, **said: str) -> tuple[Any, str]:
    """The page that shows the link, and the link."""
    response = client.post(address(stream, "share-log"), said or ALL)
    found = re.search(r'id="made-link"[^>]*>http://testserver(/shared/[^<]+)<', response.content.decode())
    return response, found[1] if found else ""


def test_a_link_is_asked_for_shown_once_listed_opened_and_revoked(operator, support, stream) -> None:
    asked = read(operator, address(stream, "share-log"))
    assert "With whole phone numbers" in asked.text and "without signing in" in asked.text and not LogLink.objects.exists()
    page, link = made(operator, stream)
    assert "no-store" in page["Cache-Control"] and "numbers whole, with payloads" in page.content.decode()
    assert Client().get(link).status_code == 200
    row, shown = LogLink.objects.get(), read(support, address(stream))
    assert (
        "numbers whole, with payloads" in shown.text and "ticket 7" in shown.text and "1 time, last at" in shown.text
    ) and "maria" in shown.text
    assert row.key not in shown.html and row.key not in str(AuditEntry.objects.values_list())
    revoke = address(stream, "revoke-link", row.pk)
    assert revoke in shown.links and "opened 1 time" in read(support, revoke).text and Client().get(link).status_code == 200
    assert support.post(revoke).status_code == 302 and Client().get(link).status_code == 404
    shown = read(support, address(stream))
    assert "revoked by support" in shown.text and revoke not in shown.links and "has ended already" in read(support, revoke).text
    assert "Nothing was done" in support.post(revoke, follow=True).content.decode()
    acts = [(entry.act, entry.by, entry.subject) for entry in AuditEntry.objects.order_by("pk")]
    assert acts == [("share a debug log", "maria", str(stream)), ("revoke a log link", "support", str(stream))]


def test_who_sees_numbers_masked_makes_links_that_show_them_so(support, stream) -> None:
    assert "With whole phone numbers" not in read(support, address(stream, "share-log")).text
    _, link = made(support, stream)
    assert LogLink.objects.get().whole_numbers is False and "4155550123" not in Client().get(link).content.decode()


def test_who_may_not_share_finds_no_door_and_no_page(stranger, stream) -> None:
    billing = signed_in(person("clara", "Billing"))
    LogLink.objects.all().delete()
    made(signed_in(User.objects.create_superuser("admin")), stream)
    for client in (billing, stranger, Client()):
        for act in (("share-log",), ("revoke-link", LogLink.objects.get().pk)):
            assert client.get(address(stream, *act)).status_code in (302, 403) and client.post(address(stream, *act), ALL).status_code in (
                302,
                403,
            )
    page = read(billing, address(stream))
    assert "works until" in page.text and not any("share-log" in link or "revoke-link" in link for link in page.links)
    assert LogLink.objects.get().revoked_at is None
    assert not any("share-log" in link for link in read(billing, address(stream, "debug-log")).links)


@pytest.mark.parametrize("said", [{"lasts": "0"}, {"lasts": "721"}, {"lasts": ""}, {"lasts": "24", "made_for": "x" * 101}])
def test_what_is_no_time_or_no_name_is_said_and_nothing_is_made(operator, stream, said) -> None:
    page = operator.post(address(stream, "share-log"), said)
    assert page.status_code == 200 and "errorlist" in page.content.decode() and not LogLink.objects.exists()


def test_one_too_many_is_said_where_it_was_asked(operator, stream, monkeypatch) -> None:
    monkeypatch.setattr("cdr.log_links.MOST_AT_ONCE", 1)
    assert made(operator, stream)[1] and MOST_AT_ONCE > 1
    page, link = made(operator, stream)
    assert not link and escape("1 links to this log work already. Revoke one first.") in page.content.decode()


def test_a_link_is_revoked_at_its_own_stream_alone(operator, stream) -> None:
    made(operator, stream)
    other = factories.good_call(make_gateway("pbx-2")).streams.get()
    assert [operator.post(address(other, "revoke-link", key)).status_code for key in (LogLink.objects.get().pk, 999)] == [404, 404]
    assert LogLink.objects.get().revoked_at is None and read(operator, address(other)).text.count("works until") == 0


def test_a_maker_without_an_account_is_said_beside_the_link(operator, support, stream) -> None:
    made(operator, stream)
    User.objects.get(username="maria").delete()
    assert "works no more: maria has no account any more" in read(support, address(stream)).text


def test_a_link_goes_with_the_events_of_its_log(operator, stream) -> None:
    _, link = made(operator, stream)
    for kind in (Kind.NUMBERS, Kind.PAYLOADS):
        stream.call.refresh_from_db()
        assert remove(kind, [stream.call], database_now()) == 1 and Client().get(link).status_code == 200
    assert remove(Kind.EVENTS, [stream.call], database_now()) == 1
    assert not LogLink.objects.exists() and Client().get(link).status_code == 404
