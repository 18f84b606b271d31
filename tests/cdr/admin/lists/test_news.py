"""A list says how many rows have come since it was read: of what it shows, for who may see it, and never dearly."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from cdr.admin.lists import news
from streams.models import Gateway
from tests.cdr import factories
from tests.cdr.admin.reading import read
from tests.cdr.call_script import STARTED, make_gateway

LATER = STARTED + timedelta(hours=1)
pytestmark = pytest.mark.django_db
LISTS = {"calldetail": "cdr/calldetail", "streamdetail": "cdr/streamdetail", "callback": "streams/callback"}


@pytest.fixture
def gateway(db: None) -> Gateway:
    return make_gateway()


def asked_by(page: Client, address: str) -> str:
    """What the page of a list asks later; "" where it asks nothing."""
    found = re.search(r'id="news" href="[^"]*" data-address="([^"]*)"', read(page, address).html)
    return unescape(found[1]) if found else ""


def told(client: Client, address: str) -> dict[str, Any]:
    answer = client.get(address)
    assert answer.status_code == 200 and answer.headers["Cache-Control"].startswith("max-age=0, no-cache")
    return dict(answer.json())


@pytest.mark.parametrize("section", LISTS.values(), ids=LISTS)
def test_what_came_since_is_counted_and_nothing_else(support, gateway, section) -> None:
    empty = asked_by(support, f"/admin/{section}/")
    factories.good_call(gateway)
    address = asked_by(support, f"/admin/{section}/")
    assert told(support, address) == {"new": 0, "more": False}
    rows = len(read(support, f"/admin/{section}/").rows) - 1
    factories.good_call(gateway, LATER)
    assert told(support, address) == {"new": rows, "more": False} and told(support, empty)["new"] == 2 * rows


def test_it_counts_what_the_list_shows(support, gateway) -> None:
    factories.good_call(gateway)
    narrowed = asked_by(support, "/admin/cdr/streamdetail/?reason=Connection%20error")
    found = asked_by(support, "/admin/cdr/streamdetail/?q=nothing-like-it")
    factories.refused_call(gateway, LATER)
    factories.good_call(gateway, LATER)
    assert (told(support, narrowed)["new"], told(support, found)["new"]) == (1, 0)


def test_only_the_newest_page_of_what_is_understood_asks(support, gateway) -> None:
    factories.good_call(gateway)
    page = asked_by(support, "/admin/cdr/calldetail/")
    place = page.split("after=")[1]
    assert not asked_by(support, f"/admin/cdr/calldetail/?before={place}")
    assert "news.js" not in support.get("/admin/cdr/calldetail/?state=gone").content.decode()
    assert told(support, "/admin/cdr/calldetail/news/?state=gone")["new"] == 0
    assert told(support, "/admin/cdr/calldetail/news/?after=nonsense") == {"new": None, "more": False}


def test_very_many_are_not_counted_and_who_may_not_see_is_told_nothing(support, gateway, client, monkeypatch) -> None:
    address = asked_by(support, "/admin/cdr/calldetail/")
    monkeypatch.setattr(news, "MOST", 1)
    for _ in range(3):
        factories.good_call(gateway, LATER)
    assert told(support, address) == {"new": 1, "more": True}
    monkeypatch.setattr(news, "WITHIN_MS", 0)
    monkeypatch.setattr("cdr.admin.lists.totals.STEPS", 1)
    assert told(support, address) == {"new": None, "more": False}
    assert client.get(address).status_code == 302
