"""The pages of a list: by the place of their neighbour, the same rows once each, whatever happens meanwhile."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cdr.admin.filters.calls_and_streams import CALL_FILTERS
from streams.models import Account, Stream
from tests.cdr import factories
from tests.cdr.admin.reading import listed, read, undrawn
from tests.cdr.call_script import STARTED, make_gateway
from tests.rows_again import made_once

CALLS, STREAMS, CALLBACKS, AUDIT = (
    f"/admin/{path}/" for path in ("cdr/calldetail", "cdr/streamdetail", "streams/callback", "cdr/auditentry")
)
LISTS = (CALLS, STREAMS, CALLBACKS)


@made_once
def twelve_calls() -> None:
    for index in range(12):
        factories.refused_call(make_gateway(), STARTED + timedelta(minutes=index // 3))


@pytest.fixture
def calls(db, monkeypatch) -> None:
    """Twelve, three of a time, each with a callback that failed; a page has five."""
    monkeypatch.setattr("cdr.admin.lists.records.RecordAdmin.list_per_page", 5)
    twelve_calls()


def link(client, address: str, rel: str) -> str:
    """The address that a page leads on to."""
    found = re.search(rf'<a href="([^"]+)" rel="{rel}"', read(client, address).html)
    return address.partition("?")[0] + unescape(found[1]) if found else ""


def ids(client, address: str) -> list[int]:
    return [row.pk for row in listed(client, address).result_list]


def walked(client, address: str, rel: str) -> tuple[list[list[int]], str]:
    """The rows of each page in one direction, and the last address."""
    pages = []
    while True:
        page = listed(client, address)
        pages.append([row.pk for row in page.result_list])
        following = page.older if rel == "next" else page.newer
        if not following:
            return pages, address
        address = address.partition("?")[0] + following


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_every_row_once_there_and_back(support, calls, path) -> None:
    for query in ("", "?reason=Connection+error", "?reason=Connection+error&q=0123&direction=inbound", "?state=ended"):
        there, last = walked(support, path + query, "next")
        back, _ = walked(support, last, "prev")
        assert [len(page) for page in there] == [5, 5, 2], query
        assert len({row for page in there for row in page}) == 12, query
        assert [row for page in reversed(back) for row in page] == [row for page in there for row in page], query


def test_callbacks_have_pages_too(support, calls) -> None:
    there, _ = walked(support, CALLBACKS, "next")
    assert [len(page) for page in there] == [5, 5, 2]


def test_the_audit_log_has_pages_by_its_numbers(administrator, operator, calls) -> None:
    for call in Stream.objects.all():
        operator.post(f"{CALLBACKS}{call.callbacks.get().pk}/resend/")
    assert len(read(administrator, AUDIT).rows) == len(read(administrator, link(administrator, AUDIT, "next")).rows) == 6


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_a_page_stays_what_it_is_while_calls_arrive(support, calls, path) -> None:
    second = link(support, path, "next")
    seen = ids(support, second)
    for _ in range(3):
        factories.refused_call(make_gateway(), STARTED + timedelta(hours=1))
    assert ids(support, second) == seen
    newer, _ = walked(support, second, "prev")
    assert [len(page) for page in newer] == [5, 5, 5] and newer[-1] == ids(support, path)


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_the_links_say_where_they_lead_and_keep_what_narrows_the_list(support, calls, path) -> None:
    first = support.get(f"{path}?reason=Connection+error&code=").content.decode()
    assert 'rel="next"' in first and 'aria-label="Older ' in first and 'rel="prev"' not in first
    address = link(support, f"{path}?reason=Connection+error&code=", "next")
    assert "reason=Connection+error" in address and "code" not in address
    second = support.get(address).content.decode()
    assert 'aria-label="Newer ' in second and 'aria-label="The newest ' in second
    page = read(support, address)
    assert "5 " in page.text and "on this page" in page.text and len(page.rows) == 6


def test_beyond_the_end_there_is_a_way_back(support, calls) -> None:
    page = read(support, f"{CALLS}?before=2020-01-01T00:00:00.0_1&state=ended")
    assert "Nothing further in this direction." in page.text and f"{CALLS}?state=ended" in page.links


@pytest.mark.parametrize("path", LISTS)
def test_a_place_that_no_list_has_written_is_said_and_the_newest_shown(support, calls, path) -> None:
    """What is to be said is drawn, all of it, by the next page that is drawn."""
    asked = ["before=x", "after=2026", "before=2024-11-23T14:02:00.0_x", "after=4711"]
    newest = ids(support, path)
    assert [ids(support, f"{path}?{query}") for query in asked] == [newest] * len(asked)
    page = read(support, f"{path}?before=%00")
    assert page.text.count("is no place in this list, so its newest page is shown.") == len(asked) + 1 and len(page.rows) == 6


def test_a_page_further_down_can_be_acted_on(operator, calls) -> None:
    second = link(operator, STREAMS, "next")
    chosen = [str(stream.pk) for stream in Stream.objects.order_by("requested_at", "pk")[:2]]
    answer = operator.post(second, {"action": "stop_selected", "_selected_action": chosen})
    assert answer.status_code == 200 and "Stop 2 streams?" in answer.content.decode()


def test_what_is_saved_or_exported_is_the_selection_not_the_page(operator, calls) -> None:
    page = read(operator, link(operator, f"{CALLS}?reason=Connection+error", "next"))
    doors = [link for link in page.links if "/saved/?" in link or "/all/?" in link]
    assert len(doors) == 2 and not any("before=" in door for door in doors)
    assert f'formaction="{CALLS}exports/"' in page.html and 'name="before"' not in page.html


QUERIES = [
    *("", "when=week", "reason=Connection+error", "reason=Call+hangup", "state=ended", "state=live"),
    *(
        "cause=connect_failed",
        "cause=call_ended",
        "code=1011",
        "attempts=several",
        "attempts=one",
        "degraded=30",
        "callbacks=failed",
        "response=3",
    ),
    *("callbacks=given-up", "duration=under-10s", "gateway=pbx-1", "application=support", "direction=inbound", "direction=outbound"),
    *("q=%2B1415", "q=14155550", "q=26b958", "q=alice@pbx"),
    *("host=bot.example.com", "host=bot.ex&when=5min", "host=bot.example.com:443&reason=Connection+error"),
    *("q=bot.example.com", "q=bot.example.com&reason=Connection+error&gateway=pbx&application=s&when=week&account={account}"),
    "q=26b958&reason=Connection+error&gateway=pbx&application=s&direction=inbound&duration=under-1m&code=1011&callbacks=failed",
]


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_no_page_takes_more_than_eight_queries_or_counts_or_skips_rows(support, calls, path) -> None:
    """Those that are drawn ask no more when they are drawn: they show what all show."""
    place, account = "before=2030-01-01T00:00:00.0_1", Account.objects.first().auth_id
    for query in QUERIES:
        look = read if query in (QUERIES[0], QUERIES[-1]) else undrawn
        with CaptureQueriesContext(connection) as captured:
            look(support, f"{path}?{query.format(account=account)}&{place}")
        statements = [entry["sql"].upper() for entry in captured]
        assert len(statements) <= 8, query
        assert not [statement for statement in statements if "COUNT(" in statement or "OFFSET" in statement], query


def test_every_filter_of_the_list_is_among_those_queries() -> None:
    for spec in CALL_FILTERS:
        assert [query for query in QUERIES if f"{spec.parameters()[0]}=" in query], spec
