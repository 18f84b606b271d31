"""A second time beside UTC, by the clock that somebody chose, and by no other."""

import re

import pytest
from django.test import Client

from streams.models import Callback
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway
from tests.cdr.desk.two_accounts import at_desk
from tests.cdr.factories import closed_call

PAGE = "/admin/time-zone/"
LISTS = ("/admin/cdr/calldetail/", "/admin/cdr/streamdetail/", "/admin/streams/callback/")


@pytest.fixture(autouse=True)
def call(db):
    return closed_call(make_gateway())


def times(client: Client, path: str) -> list[str]:
    return re.findall(r"\b[\d:]{8} (?:IST|CET)\b", read(client, path).html)


def test_it_stands_beside_utc_in_lists_and_on_records_and_names_its_zone(operator, call) -> None:
    pages = [*LISTS, *(f"{path}{key}/change/" for path, key in zip(LISTS, (call.uuid, call.streams.get().uuid, call_back()), strict=True))]
    assert not any(times(operator, page) for page in pages)
    answer = operator.post(PAGE, {"zone": "asia/kolkata"})
    cookie = answer.cookies["time_zone"]
    assert (answer["Location"], cookie["path"], cookie["httponly"], cookie["samesite"]) == (PAGE, "/", True, "Lax")
    assert "Beside UTC stands the time of Asia/Kolkata." in read(operator, PAGE).html
    for page in pages:
        assert times(operator, page) and "Asia/Kolkata" in read(operator, page).html, page
    assert "Started (UTC)" in (html := read(operator, LISTS[0]).html) and "Started (Asia/Kolkata)" in html
    operator.post(PAGE, {"zone": "UTC"})
    assert not any(times(operator, page) for page in pages)


def call_back() -> int:
    return Callback.objects.order_by("pk").first().pk


def test_at_the_desk_as_well(call) -> None:
    carla = at_desk()
    carla.post("/desk/time-zone/", {"zone": "Asia/Kolkata"})
    for page in ("/desk/calls/", f"/desk/calls/{call.uuid}/", "/desk/callbacks/"):
        assert times(carla, page), page


def test_what_is_no_zone_is_said_at_its_field_and_keeps_nothing(support) -> None:
    answer = support.post(PAGE, {"zone": "<b>Berlin"})
    html = answer.content.decode()
    assert answer.status_code == 400 and "time_zone" not in answer.cookies
    assert "That is no time zone that is known here." in html and 'value="&lt;b&gt;Berlin"' in html


@pytest.mark.parametrize("kept", ["Nowhere/Land", "../../etc/passwd", "", "<b>", "x" * 4000])
def test_a_cookie_that_holds_anything_else_shows_utc_alone(support, kept) -> None:
    support.cookies["time_zone"] = kept
    html = read(support, LISTS[0]).html
    assert html.count("Started (") == 1 and ">Time zone</a>" in html
