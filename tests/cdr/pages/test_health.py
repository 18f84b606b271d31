"""The page of the platform's health: each part, what is known of it, what is wrong and what to do."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cdr.pages.health import PARTS, health_page
from config import status_strip
from config.metrics.version import version
from streams.calls import presence
from streams.models import Call, Heartbeat, WebProcess
from streams.pure.trouble import Trouble
from tests.cdr.admin.conftest import signed_in
from tests.cdr.alerts.rows import calls
from tests.streams.callback_rows import owed, stream

pytestmark = pytest.mark.django_db

REDIS = Trouble("redis", "Redis does not answer.", "Calls go on.", "See whether Redis is up.")


def now_of(name: str) -> str:
    return next(part.now for part in health_page(timezone.now(), [], see_owners=True).parts if part.name == name)


def test_all_is_well() -> None:
    page = health_page(timezone.now(), [], see_owners=True)
    assert page.well and page.sentence == "All is well." and [part.name for part in page.parts] == [name for name, *_ in PARTS]


def test_what_is_not_well_stands_at_its_part_and_what_nobody_knows_by_itself() -> None:
    odd = Trouble("teapot", "It is short and stout.", "Calls go on.", "Tip it over.")
    page = health_page(timezone.now(), [REDIS, odd], see_owners=True)
    assert [part.name for part in page.parts if part.troubles] == ["Redis"] and page.others == [odd]
    assert [part.badge.word for part in page.parts[:4]] == ["well", "not well", "not known", "not known"]
    assert not page.well and page.sentence == "2 parts of the platform are not well."


def test_every_trouble_that_status_knows_has_its_part() -> None:
    told = {word for _, about, _ in PARTS for word in about}
    known = (
        "database redis worker beat calls callbacks exports url_tests trial_calls list_acts closings loops leases notes storm spool alerts"
    )
    assert told == set(known.split())


def test_figures_in_words() -> None:
    assert now_of("Workers") == "Has done nothing yet."
    Heartbeat.objects.create(name="reaper", beat_at=timezone.now() - timedelta(seconds=90))
    assert now_of("Workers").startswith("Worked 1 min 3") and now_of("Workers").endswith("s ago.")
    assert now_of("Status callbacks") == "0 wait; none is due now."
    owed(stream(), "https://hooks.example.com/", due_at=timezone.now() - timedelta(minutes=3))
    assert now_of("Status callbacks").startswith("1 waits; the oldest that a worker could try has been due for 3 min")


def test_processes_are_for_those_who_may_see_calls() -> None:
    """One that is there and idle, one that has calls, and one that has some and is gone."""
    presence.say_present("i" * 32)
    presence.say_present("b" * 32)
    calls(3, live=True)
    Call.objects.update(owner="b" * 32, lease_until=timezone.now() + timedelta(seconds=20))
    Call.objects.filter(pk=calls(1, live=True)[0].pk).update(owner="g" * 32, lease_until=timezone.now() - timedelta(seconds=7))
    page = health_page(timezone.now(), [], see_owners=True)
    found = {line.owner[:1]: (line.calls, line.version, line.late) for line in page.processes}
    assert found == {"i": (0, version(), False), "b": (3, version(), False), "g": (1, "–", True)} and page.mixed == ""
    assert health_page(timezone.now(), [], see_owners=False).processes == []


def test_an_upgrade_that_is_not_over_is_said() -> None:
    for owner in ("a" * 32, "b" * 32):
        presence.say_present(owner)
    WebProcess.objects.filter(owner="a" * 32).update(version="0.0.9")
    assert health_page(timezone.now(), [], see_owners=True).mixed.startswith(f"Processes run different versions: 0.0.9, {version()}.")


def test_it_takes_the_same_few_queries_whatever_there_is(django_assert_max_num_queries) -> None:
    calls(30, live=True)
    with django_assert_max_num_queries(12):
        health_page(timezone.now(), [], see_owners=True)


def test_everybody_who_is_signed_in_is_led_there(monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = signed_in(User.objects.create_user("stranger", is_staff=True))
    monkeypatch.setattr(status_strip, "known_troubles", lambda: [REDIS])
    html = stranger.get("/admin/").content.decode()
    assert 'href="/admin/health/" class="dot dot-bad"' in html
    page = stranger.get("/admin/health/").content.decode()
    assert "See whether Redis is up." in page and "1 part of the platform is not well." in page
