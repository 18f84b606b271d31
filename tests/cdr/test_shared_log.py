"""The page behind a link: the log and nothing of the console, one answer to every link that leads nowhere, and who is counted."""

import asyncio
import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer, channel_layers
from django.contrib.auth.models import User
from django.test import AsyncClient, Client
from django.utils import timezone

from cdr import link_limits, live, log_links, roles
from cdr.audit import Actor
from cdr.log_links import make_link, revoke_link
from cdr.models import LogLink
from config.asgi import application
from streams.database_clock import database_now
from streams.models import CallbackAttempt, Stream, StreamEvent
from tests.cdr import factories
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.call_script import make_gateway
from tests.cdr.same_thread import draw_in_this_thread
from tests.cdr.test_link_limits import ADDRESSES
from tests.cdr.test_log_links import TERMS
from tests.patient_communicator import PatientCommunicator

CALLER = "4155550123"
OPENED = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site"}
NEVER = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


@pytest.fixture
def stream(db: None, monkeypatch: pytest.MonkeyPatch) -> Stream:
    draw_in_this_thread(monkeypatch)
    stream = factories.closed_call(make_gateway()).streams.get()
    Stream.objects.update(service_url="wss://bot.example.com/acme?token=s3cret")
    CallbackAttempt.objects.update(response_head=f"unknown caller +1{CALLER}")
    return Stream.objects.get(pk=stream.pk)


def shared(stream: Stream, **other: Any) -> str:
    maker = User.objects.filter(username="maria").first() or person("maria", roles.OPERATOR)
    return f"/shared/{make_link(stream, TERMS._replace(**other), maker, Actor('maria', None))}/"


def asked(address: str, method: str = "get", client: Client | None = None, headers: dict[str, str] = OPENED) -> Any:
    """From an address that has guessed nothing yet."""
    return getattr(client or Client(), method)(address, headers=headers, REMOTE_ADDR=next(ADDRESSES))


def test_it_is_the_log_and_nothing_of_the_console_whoever_looks(stream) -> None:
    link = shared(stream)
    admin = signed_in(User.objects.create_superuser("admin"))
    pages = [asked(link, client=client) for client in (Client(), admin)]
    html = pages[0].content.decode()
    assert html.count('class="line line-') == admin.get(f"/admin/cdr/streamdetail/{stream.uuid}/debug-log/").content.decode().count(
        'class="line line-'
    )
    assert (
        "/admin/" not in html.replace("/static/admin/", "").replace(f"/admin/live{link}", "")
        and "admin</summary>" not in pages[1].content.decode()
    )
    assert not re.search(r"<form(?![^>]*log-filter)|csrf|logout|txt/|jsonl/|maria", html)
    for page in pages:
        assert page.status_code == 200 and not page.cookies
        assert {name: page[name] for name in NEVER} == NEVER and "noindex" in page["X-Robots-Tag"]
        assert page["Content-Security-Policy"] == Client().get("/admin/login/")["Content-Security-Policy"]
        assert "Cookie" not in page.get("Vary", "")


def test_numbers_payloads_and_urls_are_shown_as_the_link_says_and_secrets_never(stream) -> None:
    seen = {}
    for whole in (True, False):
        for details in (True, False):
            link = shared(stream, whole_numbers=whole, with_details=details)
            for query in ("", f"?numbers=whole&whole_numbers=1&details=1&q={CALLER}", "?q=unknown"):
                html = asked(link + query).content.decode()
                assert "s3cret" not in html and "Details (" in html or not details or query
                assert whole or f"1{CALLER}" not in html.replace(f'value="{CALLER}"', "")
                assert details or ("unknown caller" not in html and "bot.example.com/acme" not in html and "Details (" not in html)
            seen[whole, details] = asked(link).content.decode()
    assert CALLER in seen[True, True] and "unknown caller" in seen[False, True] and "bot.example.com/acme" in seen[False, True]
    assert "wss://bot.example.com/…" in seen[True, False]


def test_who_of_the_operators_people_did_what_and_where_gateways_stand_is_not_shown(stream) -> None:
    stopped = factories.stopped_call(make_gateway("pbx-2"), cause="stopped_by_operator").streams.get()
    StreamEvent.objects.filter(call=stopped.call, kind="call_started").update(details={"address": "10.20.0.7", "gateway": "pbx-2"})
    for details in (True, False):
        html = asked(shared(stopped, with_details=details)).content.decode()
        assert "at the request of the operator." in html
        assert not re.search(r"maria|10\.20\.0\.7", html)


def test_whatever_leads_nowhere_is_answered_alike_and_is_no_line_of_the_log(stream, monkeypatch, caplog) -> None:
    expired, revoked, ownerless, good = (shared(stream) for _ in range(4))
    rows = list(LogLink.objects.order_by("pk"))
    revoke_link(rows[1], Actor("maria", None))
    other = person("otto", roles.OPERATOR)
    LogLink.objects.filter(pk=rows[2].pk).update(owner=other)
    real = database_now
    monkeypatch.setattr(log_links, "database_now", lambda: real() + timedelta(hours=2))
    over = asked(expired)
    monkeypatch.setattr(log_links, "database_now", real)
    odd = [
        "/shared/",
        "/shared/x",
        "/shared/a/b/",
        good[:-3] + "x/",
        good + "txt/",
        good + "?q=x" + "y" * 50,
        "/shared/" + "A" * 12 + "/" + "B" * 43 + "/",
        "/shared/%00/%0a",
        f"{good}%0a",
    ]
    answers = [over, *(asked(address) for address in (revoked, ownerless, *odd[:5], *odd[6:]))]
    answers += [asked(good, method) for method in ("post", "put", "delete", "patch", "options")]
    first = answers[0]
    assert first.status_code == 404 and "leads nowhere" in first.content.decode() and str(stream.uuid) not in first.content.decode()
    for answer in answers:
        assert (answer.status_code, answer.content, dict(answer.headers)) == (404, first.content, dict(first.headers))
    assert {name: first[name] for name in NEVER} == NEVER and asked(good).status_code == 200 and "/shared/" not in caplog.text


def test_persons_are_counted_and_programs_see_nothing(stream) -> None:
    link = shared(stream)
    bot = {"User-Agent": "Slackbot-LinkExpanding 1.0"}
    asks = [("head", OPENED), ("get", bot), ("head", bot), ("get", {"Sec-Purpose": "prefetch", **OPENED})]
    answers = [asked(link, method, headers=headers) for method, headers in asks]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 503]
    assert not any(str(stream.uuid) in answer.content.decode() or 'class="line' in answer.content.decode() for answer in answers)
    assert LogLink.objects.get().opened == 0
    for headers in (OPENED, {}, {"Sec-Fetch-Site": "same-origin"}):
        assert str(stream.uuid) in asked(link, headers=headers).content.decode()
    assert LogLink.objects.get().opened == 2


def test_a_filter_narrows_and_one_that_is_not_understood_shows_no_line(stream) -> None:
    link = shared(stream)
    assert "of 17 lines" in asked(f"{link}?level=problems").content.decode()
    odd = asked(f"{link}?details__regex=.")
    assert odd.status_code == 400 and 'class="line' not in odd.content.decode() and odd["Cache-Control"] == "no-store"


def test_guessing_and_a_flood_are_stopped(stream, monkeypatch) -> None:
    monkeypatch.setattr(link_limits, "FAILED", replace(link_limits.FAILED, most=2, window_seconds=600, name="test-few"))
    monkeypatch.setattr(link_limits, "READ", replace(link_limits.READ, most=3, window_seconds=600, name="test-reads"))
    link, client = shared(stream), Client(REMOTE_ADDR=next(ADDRESSES))
    answers = [client.get(address) for address in ("/shared/a", "/shared/b", "/shared/c", link, link, link, link)]
    assert [answer.status_code for answer in answers] == [404, 404, 429, 200, 200, 200, 429]
    for answer in (answers[2], answers[6]):
        assert 0 < int(answer["Retry-After"]) <= 600 and answer["Cache-Control"] == "no-store" and "Not now" in answer.content.decode()
    assert LogLink.objects.get().opened == 3


def test_it_asks_the_database_little(stream, django_assert_max_num_queries) -> None:
    link = shared(stream)
    with django_assert_max_num_queries(12):
        assert asked(link).status_code == 200


# The socket ----------------------------------------------------------------------------------------------------------
def socket_of(link: str) -> PatientCommunicator:
    return PatientCommunicator(application, f"/admin/live{link}", headers=[(b"host", b"localhost"), (b"origin", b"http://localhost")])


@pytest.mark.django_db(transaction=True)
def test_it_opens_at_once_for_many_grows_without_a_login_and_closes_when_it_is_revoked(monkeypatch) -> None:
    """With the threads that it has in production."""
    monkeypatch.setattr(live, "BEAT_SECONDS", 0.02)
    monkeypatch.setattr(channel_layers, "backends", {"default": InMemoryChannelLayer()})
    stream = factories.live_call(make_gateway()).streams.first()
    link, altered = shared(stream, with_details=False), shared(stream)
    altered = f"{altered[:-2]}{'A' if altered[-2] != 'A' else 'B'}/"
    row = LogLink.objects.earliest("pk")

    async def opened_and_revoked() -> None:
        answers = await asyncio.gather(*(AsyncClient().get(link, headers=OPENED) for _ in range(8)))
        assert {answer.status_code for answer in answers} == {200}
        socket, wrong = socket_of(link), socket_of(altered)
        assert (await wrong.connect())[0] and (await wrong.receive_output(30))["code"] == live.CLOSE_LINK_OVER
        assert (await socket.connect())[0]
        await socket.send_to(text_data=json.dumps({"seen": []}))
        while not (said := await socket.receive_json_from(timeout=30))["lines"]:
            pass
        assert "gateway" in str(said) and "Details (" not in str(said) and "bot.example.com/acme" not in str(said)
        await asyncio.to_thread(revoke_link, row, Actor("maria", None))
        while (message := await socket.receive_output(30))["type"] != "websocket.close":
            pass
        assert message["code"] == live.CLOSE_LINK_OVER
        again = socket_of(link)
        assert (await again.connect())[0] and (await again.receive_output(30))["code"] == live.CLOSE_LINK_OVER

    asyncio.run(opened_and_revoked())
    assert LogLink.objects.get(pk=row.pk).opened == 8 and StreamEvent.objects.exists() and timezone.now() > row.created_at
