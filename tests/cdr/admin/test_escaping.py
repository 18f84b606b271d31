"""Whatever strangers wrote into any column is shown as text, on every page of the console."""

import html

import pytest
from django.contrib.auth.models import User

from streams.models import (
    Call,
    Callback,
    Stream,
    StreamEvent,
)
from tests.cdr.admin.asked_often import known_people
from tests.cdr.admin.drawn_pages import MOST_CRAWLED, drawn_pages, rows_of_everything
from tests.cdr.admin.hostile import HOSTILE, MARKER, poison_everything
from tests.cdr.admin.reading import read

pytestmark = pytest.mark.django_db


def test_no_page_lets_markup_through_or_needs_what_the_policy_forbids(monkeypatch) -> None:
    *_, pages, unwritten = drawn_pages(monkeypatch)
    assert unwritten == [], "make a row of each in rows_of_everything(), or say in NOT_SHOWN that no page shows its texts"
    assert 150 < len(pages) < MOST_CRAWLED
    for address, page in pages.items():
        assert not any(markup in page.html for markup in (f"<script>{MARKER}", "<xss", "<img src=x")), address
        assert not page.inline and not page.foreign, (address, page.inline, page.foreign)
    assert sum(html.escape(HOSTILE)[:30] in page.html for page in pages.values()) > 50


def test_rows_with_words_nobody_told_us_about_are_shown(administrator) -> None:
    rows_of_everything(User.objects.get(username="admin"))
    poison_everything()
    StreamEvent.objects.update(kind="call_teleported", level="purple")
    Stream.objects.update(state="parked")
    Call.objects.update(state="parked")
    Callback.objects.update(state="parked")
    with known_people():
        for section in ("cdr/calldetail", "cdr/streamdetail", "streams/callback"):
            rows = [link for link in dict.fromkeys(read(administrator, f"/admin/{section}/").links) if f"/{section}/" in link]
            pages = [link for link in rows if "/change/" in link][:4]
            assert len(pages) == 4
            logs = [page.replace("/change/", "/debug-log/") for page in pages[:2] if section != "streams/callback"]
            for address in (*pages, *logs):
                read(administrator, address)
