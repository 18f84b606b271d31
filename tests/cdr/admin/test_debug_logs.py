"""A debug log as a page with its filter, and as a file: whole however long, masked as the page, written into the audit log."""

import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.urls import reverse

from cdr.admin import debug_logs
from cdr.models import AuditEntry
from streams.models import Call, Gateway, Stream, StreamEvent
from tests.cdr import factories
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway


@pytest.fixture
def gateway(db) -> Gateway:
    return make_gateway()


def address(row: Call | Stream, form: str = "", query: str = "") -> str:
    section = "calldetail" if isinstance(row, Call) else "streamdetail"
    log = reverse(f"admin:cdr_{section}_debug_log", args=[row.uuid])
    return f"{log}{form and form + '/'}{query and '?' + query}"


def downloaded(client: Client, url: str, kept: Callable[[bytes], bytes] = bytes) -> tuple[Any, str]:
    """By the ASGI handler, as in production."""
    browser = AsyncClient()
    browser.cookies = client.cookies

    async def fetched() -> tuple[Any, bytes]:
        response: Any = await browser.get(url)
        return response, b"".join([kept(part) async for part in response])

    response, content = async_to_sync(fetched)()
    return response, content.decode()


def test_the_form_keeps_what_was_asked_and_says_how_many_lines_match(support, gateway) -> None:
    stream = factories.closed_call(gateway).streams.get()
    html = support.get(address(stream, query="kind=callback&level=problems&q=503")).content.decode()
    assert 'value="callback" checked' in html and 'value="problems" selected' in html and 'name="q" value="503"' in html
    assert "1 of 17 lines" in html and "DroppedStream, try 1" in html and "StartStream, try 1" not in html
    assert f"{address(stream, 'jsonl')}?kind=callback&amp;level=problems&amp;q=503" in html


def test_a_filter_that_nothing_matches_leads_back_to_all_lines(support, gateway) -> None:
    stream = factories.good_call(gateway).streams.get()
    page = read(support, address(stream, query="q=teapot"))
    assert "No line matches. Show all lines" in page.text and address(stream) in page.links


@pytest.mark.parametrize("query", ["level=errrors", "kind=end&kind=teapot", "details__regex=."])
def test_a_filter_that_is_not_understood_shows_and_writes_no_line(support, gateway, query) -> None:
    stream = factories.closed_call(gateway).streams.get()
    html = support.get(address(stream, query=query)).content.decode()
    assert "not understood, so no line is shown" in html and 'class="line' not in html and "0 of 17 lines" in html
    assert [support.get(address(stream, form, query)).status_code for form in ("", "txt", "jsonl")] == [400, 400, 400]
    assert not AuditEntry.objects.exists()


def test_a_log_that_is_too_long_for_a_page_leads_on_and_says_that_this_page_does_not_grow(support, gateway, monkeypatch) -> None:
    monkeypatch.setattr("cdr.pages.log.page.PAGE_LINES", 5)
    monkeypatch.setattr("cdr.pages.log.page.LAST_LINES", 3)
    call = factories.live_call(gateway)
    first = read(support, address(call))
    assert "Newer lines →" in first.text and "Jump to the end" in first.text and 'data-path=""' in str(support.get(address(call)).content)
    newer = next(link for link in first.links if "from=" in link)
    assert "← Older lines" in read(support, newer).text
    last = support.get(address(call, query="page=last")).content.decode()
    assert f'data-path="/admin/live/call/{call.uuid}/?from=' in last


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", [factories.closed_call, factories.live_call])
def test_the_file_has_every_line_of_the_page_whatever_the_chunks(operator, kind, monkeypatch) -> None:
    monkeypatch.setattr(debug_logs, "CHUNK_LINES", 4)
    call = kind(make_gateway())
    response, content = downloaded(operator, address(call, "jsonl"))
    said = [json.loads(line) for line in content.splitlines()]
    page = operator.get(address(call)).context_data["log"]
    assert [(line["id"], line["message"]) for line in said] == [(line.anchor, line.words) for line in page.lines]
    assert {line["stream_uuid"] for line in said} == {None, *(str(stream.uuid) for stream in call.streams.all())}
    assert response["Content-Type"] == "application/jsonl; charset=utf-8"
    assert response["Content-Disposition"].startswith(f'attachment; filename="debug-log-{call.uuid}-20')
    assert response["Content-Disposition"].endswith('Z.jsonl"')


@pytest.mark.django_db(transaction=True)
def test_the_text_says_whose_log_it_is_and_what_narrows_it(support) -> None:
    stream = factories.closed_call(make_gateway()).streams.get()
    _, content = downloaded(support, address(stream, "txt", "level=problems"))
    head, lines, end = content.split("\n\n")
    assert head.startswith(f"Debug log of stream {stream.uuid}\n====")
    assert "Only lines that match: warnings and errors" in head and "Account: Acme Robotics" in head
    assert [line[:58] for line in lines.splitlines() if not line.startswith(" ")] == [
        "2024-11-23 14:02:02.590       +25.000 s  error    stream  ",
        "2024-11-23 14:02:02.610       +25.020 s  warning  callback",
    ]
    assert end == "2 of 17 lines.\n"


@pytest.mark.django_db(transaction=True)
def test_numbers_and_secrets_are_hidden_in_files_as_on_pages(support, operator) -> None:
    call = factories.closed_call(make_gateway())
    for form in ("jsonl", "txt"):
        masked, whole = (downloaded(client, address(call, form))[1] for client in (support, operator))
        assert "4155550123" not in masked and "•••••••0123" in masked and "4155550123" in whole
        assert "s3cret" not in whole and "token=(hidden)" in whole


@pytest.mark.django_db(transaction=True)
def test_who_downloaded_which_log_is_in_the_audit_log(support) -> None:
    stream = factories.good_call(make_gateway()).streams.get()
    downloaded(support, address(stream, "txt", "q=digit"))
    entry = AuditEntry.objects.get()
    assert (entry.by, entry.act, entry.kind, entry.subject) == ("support", "download a debug log", "stream", str(stream.uuid))
    assert entry.details == {"form": "txt", "filters": "q=digit"}


def test_who_may_not_see_the_page_gets_no_file(stranger, support, gateway) -> None:
    stream = factories.good_call(gateway).streams.get()
    for form in ("txt", "jsonl"):
        assert stranger.get(address(stream, form)).status_code == 403
        assert Client().get(address(stream, form)).status_code == 302
    assert support.get(f"/admin/cdr/streamdetail/{stream.call.uuid}/debug-log/txt/").status_code == 404
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_long_file_takes_the_memory_of_a_chunk(operator, monkeypatch) -> None:
    monkeypatch.setattr(debug_logs, "CHUNK_LINES", 50)
    call = factories.good_call(make_gateway())
    details = {"digit": "5", "padding": "x" * 4000}
    digits = (StreamEvent(call=call, at=call.started_at, kind="call_dtmf", details=details, number=number) for number in range(100, 1100))
    StreamEvent.objects.bulk_create(digits, batch_size=500)
    lines: list[int] = []
    downloaded(operator, address(call, "jsonl"))  # what is made once is made now
    tracemalloc.start()
    try:
        downloaded(operator, address(call, "jsonl"), lambda part: lines.append(part.count(b"\n")) or b"")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sum(lines) > 1000 and max(lines) == 50
    assert peak < 2_000_000  # the rows are 4 MB
