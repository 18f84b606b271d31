"""The filters above the lists of calls and streams."""

from datetime import timedelta

import pytest
import time_machine

from streams.models import Account
from tests.cdr import factories
from tests.cdr.admin.reading import listed, read, undrawn
from tests.cdr.call_script import STARTED, make_gateway

CALLS, STREAMS = "/admin/cdr/calldetail/", "/admin/cdr/streamdetail/"
NOW = STARTED + timedelta(hours=2)


@pytest.fixture
def calls(db) -> None:
    """One of each kind, a minute apart, from 14:01:37 on."""
    factories.one_of_each_kind()


def rows(client, path: str, query: str) -> list[list[str]]:
    with time_machine.travel(NOW, tick=False):
        return read(client, f"{path}?{query}").rows[1:]


def number(client, path: str, query: str) -> int:
    """How many rows are listed."""
    with time_machine.travel(NOW, tick=False):
        return len(listed(client, f"{path}?{query}").result_list)


def test_hangup_reason(support, calls) -> None:
    for reason, count in (("API+request", 1), ("Call+hangup", 1), ("Connection+error", 4), ("Stream+timeout", 1), ("", 9)):
        assert number(support, CALLS, f"reason={reason}") == count, reason
        assert number(support, STREAMS, f"reason={reason}") == count, reason


def test_state(support, calls) -> None:
    assert [number(support, CALLS, f"state={state}") for state in ("live", "ended")] == [1, 8]
    assert [number(support, STREAMS, f"state={state}") for state in ("live", "ended", "never-started")] == [2, 7, 1]


def test_account(support, calls) -> None:
    factories.good_call(make_gateway("pbx-2", "Globex"))
    globex = Account.objects.get(name="Globex")
    for path in (CALLS, STREAMS):
        assert [row[-1] for row in rows(support, path, f"account={globex.auth_id}")] == ["Globex"]


def test_period(support, calls) -> None:
    for query, count in (
        ("when=hour", 0),
        ("when=today", 9),
        ("when=yesterday", 0),
        ("when=week", 9),
        ("from=14:03&to=14:05", 3),
        ("from=2024-11-23+14:03:37&to=", 7),
        ("to=2024-11-22", 0),
        ("from=2024-11-23&to=2024-11-23", 9),
        ("when=today&from=14:08", 2),
    ):
        assert number(support, CALLS, query) == count, query


def test_streams_that_never_started_are_found_by_the_time_of_their_request(support, calls) -> None:
    assert [row[-4] for row in rows(support, STREAMS, "from=14:03&to=14:03")] == ["▲ never started"]


def test_a_time_that_cannot_be_read_is_said_and_shows_nothing(support, calls) -> None:
    with time_machine.travel(NOW, tick=False):
        page = read(support, f"{CALLS}?from=tea+time", 400)
    assert "“tea time” is not a time. Write 14:02 (today), 2026-11-23 or 2026-11-23 14:02, in UTC." in page.text
    assert page.rows == []


NONSENSE = [
    "reason=Nothing",
    "state=parked",
    "when=fortnight",
    "account=MA0",
    "o=1",
    "p=99",
    "p=x",
    "nonsense=1",
    "_facets=1",
    "all=",
    "q=%00",
    "from=%00",
    "gateway=%00",
    "account=%00",
    "code=1011%00",
    "state=ended&state=",
]


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_nonsense_in_the_address_shows_no_row_and_a_sentence(support, calls, path) -> None:
    for query in NONSENSE:
        listed = undrawn(support, f"{path}?{query}", 400)["cl"]
        assert listed.problems and list(listed.result_list) == [], query
    page = read(support, f"{path}?{NONSENSE[0]}", 400)
    assert page.rows == [] and "No row is shown while something in the address is not understood." in page.text


def test_no_match_says_so_and_leads_back(support, calls) -> None:
    page = read(support, f"{CALLS}?q=nobody")
    assert "Nothing here matches." in page.text
    assert CALLS in page.links


def test_the_form_keeps_what_was_chosen(support, calls) -> None:
    with time_machine.travel(NOW, tick=False):
        html = support.get(f"{CALLS}?q=415&reason=API+request&when=today&from=14:00&state=ended").content.decode()
    for kept in ('value="415"', 'value="API request" selected', 'value="today" selected', 'value="14:00"', 'value="ended" selected'):
        assert kept in html
