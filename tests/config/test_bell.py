"""The bell: how many alerts are open and in nobody's hands, asked beside the page, and seldom."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone

from config import bell
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.alerts.rows import alert

# The count is asked in a thread, which sees only what is committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def as_ever(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Of a process that has just begun."""
    monkeypatch.setattr(bell, "known_count", bell.really_known_count)  # type: ignore[attr-defined]
    bell.unseen.forget()
    yield
    bell.unseen.begin().result(20)


def rung(client: Client) -> str:
    """What stands beside the word, once it is known."""
    client.get("/admin/sessions/")
    bell.unseen.begin(bell.FRESH_SECONDS).result(20)
    html = client.get("/admin/sessions/").content.decode()
    return html.split('class="bell bell-rings">Alerts <b>')[1].split("</b>")[0] if "bell-rings" in html else ""


def test_it_counts_what_is_open_and_in_nobodys_hands() -> None:
    client = signed_in(person("support", "Support"))
    assert rung(client) == ""
    bell.unseen.forget()
    for columns in ({}, {}, {"acknowledged_at": timezone.now()}, {"closed_at": timezone.now()}):
        alert(**columns)
    assert rung(client) == "2"


def test_very_many_are_not_counted_to_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bell, "COUNTED_TO", 2)
    for _ in range(4):
        alert()
    assert rung(signed_in(person("support", "Support"))) == "2+"


def test_it_is_asked_once_in_some_seconds_and_nobody_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    client, asked = signed_in(person("support", "Support")), []
    monkeypatch.setattr(bell.unseen, "_ask", lambda: asked.append(1) or 1)
    for _ in range(5):
        assert rung(client) == "1"
    assert len(asked) == 1
