"""Which columns of a list somebody chose to see, and that nothing else can be chosen."""

import re

import pytest
from django.test import Client

from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway
from tests.cdr.desk.two_accounts import at_desk
from tests.cdr.factories import closed_call

CALLS, STREAMS = "/admin/cdr/calldetail/", "/admin/cdr/streamdetail/"
USUAL = ["started", "caller", "called", "lasted", "stream_count", "reasons", "billed", "state_badge", "account_link"]


@pytest.fixture(autouse=True)
def call(db):
    return closed_call(make_gateway())


def shown(client: Client, path: str = CALLS, expected: int = 200) -> list[str]:
    html = read(client, path, expected).html if expected == 200 else client.get(path).content.decode()
    return re.findall(r'class="field-(\w+)', html)


def choose(client: Client, *columns: str, path: str = CALLS, query: str = "", **more: str):
    return client.post(f"{path}columns/", {"column": columns, "query": query, **more})


def test_chosen_columns_stand_in_their_order_until_the_usual_ones_are_wanted_again(operator, call) -> None:
    assert shown(operator) == USUAL
    answer = choose(operator, "gateway_name", "state_badge", "caller", query="state=ended&before=x&junk=1")
    assert answer["Location"] == f"{CALLS}?junk=1&state=ended"
    cookie = answer.cookies["columns"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (CALLS, True, "Lax")
    assert shown(operator) == ["started", "caller", "state_badge", "gateway_link"]
    assert call.gateway.name in read(operator, f"{CALLS}?state=ended").html
    page = read(operator, f"{CALLS}columns/?state=ended").html
    assert re.findall(r'value="(\w+)" checked', page) == ["caller", "state_badge", "gateway_name"]
    assert 'id="changelist" class="wider"' not in read(operator, CALLS).html
    choose(operator, *USUAL[1:-1], "account_name", "gateway_name")
    assert 'id="changelist" class="wider"' in read(operator, CALLS).html
    choose(operator)
    assert shown(operator) == ["started"]
    gone = choose(operator, usual="yes").cookies["columns"]
    assert (gone["max-age"], gone["path"]) == (0, CALLS)


def test_each_list_has_its_own(operator) -> None:
    choose(operator, "attempts", "close_words", path=STREAMS)
    assert operator.cookies["columns"]["path"] == STREAMS
    assert shown(operator, STREAMS)[-2:] == ["attempts", "close_words"] and "1011" in read(operator, STREAMS).html


NONSENSE = ("caller.nonsense", "uuid", "masked_caller.account_link", "caller.__class__", "__str__", "started", "CALLER", "caller,called")


@pytest.mark.parametrize("kept", [*NONSENSE, "a" * 4000, "\x00"])
def test_a_cookie_that_names_anything_else_chooses_nothing(operator, kept) -> None:
    operator.cookies["columns"] = kept
    assert shown(operator) == USUAL


def test_what_is_no_column_is_refused_in_a_sentence_and_keeps_nothing(operator) -> None:
    answer = choose(operator, "caller", "from_number")
    assert "columns" not in answer.cookies and "“from_number” is no column" in operator.get(CALLS).content.decode()
    assert choose(operator, "caller", query="state=ended&//evil.example")["Location"].startswith(f"{CALLS}?")


def test_a_chosen_column_shows_no_more_than_it_would(support, operator) -> None:
    for client in (support, operator):
        choose(client, "caller", "application_name")
    assert shown(support)[:2] == ["started", "masked_caller"] and shown(operator)[:2] == ["started", "caller"]
    assert "+1415555" in operator.get(CALLS).content.decode() and "+1415555" not in support.get(CALLS).content.decode()


def test_at_the_desk_it_is_the_same_and_nothing_of_the_operator_s_is_offered(call) -> None:
    carla = at_desk()
    assert "gateway" not in read(carla, "/desk/calls/columns/").html.lower()
    choose(carla, "caller", "application_name", path="/desk/calls/")
    assert shown(carla, "/desk/calls/") == ["started", "caller", "application_name"]
    assert "is no column of this list" in carla.get(choose(carla, "gateway_name", path="/desk/calls/")["Location"]).content.decode()
    carla.cookies["columns"] = "caller.gateway_name"
    assert "gateway_name" not in shown(carla, "/desk/calls/") and len(shown(carla, "/desk/calls/")) == 8


def test_who_may_not_see_the_list_chooses_nothing(stranger) -> None:
    assert choose(stranger, "caller").status_code == stranger.get(f"{CALLS}columns/").status_code == 403
