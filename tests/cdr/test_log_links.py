"""Links to a debug log: what they are, who may make them, until when they work, and everything that must not."""

import string
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.db.models import F
from django.test import override_settings

from cdr import log_links, roles
from cdr.audit import Actor
from cdr.log_links import LinkTerms, NotShared, make_link, note_opening, revoke_link, working_link
from cdr.models import AuditEntry, LogLink
from streams.models import Stream
from tests.cdr import factories
from tests.cdr.admin.conftest import person
from tests.cdr.call_script import make_gateway

TERMS = LinkTerms(timedelta(hours=1), "ticket 7", whole_numbers=False, with_details=True)


@pytest.fixture
def stream(db: None) -> Stream:
    return factories.closed_call(make_gateway()).streams.get()


@pytest.fixture
def maker(db: None) -> User:
    return person("maria", roles.OPERATOR)


def made(stream: Stream, maker: User, **other: Any) -> str:
    return make_link(stream, TERMS._replace(**other), maker, Actor(maker.username, "192.0.2.7"))


def test_a_link_leads_to_its_log_and_is_neither_in_the_row_nor_in_the_audit_log(stream, maker) -> None:
    link = made(stream, maker, whole_numbers=True)
    shared, key, signature = working_link(link), *link.split("/")
    assert shared and shared.whole_numbers and shared.find().subject.stream_uuid == stream.uuid  # type: ignore[union-attr]
    (row,), entry = LogLink.objects.values_list(), AuditEntry.objects.get()
    assert key in row and signature not in str(row) and str(stream.uuid) not in link and str(stream.call.uuid) not in link
    assert (entry.act, entry.subject, entry.by) == ("share a debug log", str(stream), "maria")
    assert entry.details["for"] == "ticket 7" and entry.details["numbers"] == "whole" and key not in str(entry.details)


def test_no_other_character_at_any_place_leads_anywhere(stream, maker) -> None:
    link = made(stream, maker)
    odd = [f"{link[:place]}{'A' if letter != 'A' else 'B'}{link[place + 1 :]}" for place, letter in enumerate(link)]
    odd += [
        "",
        "/",
        link[:-1],
        f"{link}A",
        f"{link}\n",
        f"{link}/x",
        f"/{link}",
        link.upper(),
        link.lower(),
        link.replace("/", ":"),
        "é" * 56,
        "\0" * 56,
    ]
    odd += [f"{link}:{link}", link.split("/")[0], f"{link.split('/')[0]}/{'A' * 43}", f"{'A' * 12}/{link.split('/')[1]}"]
    assert [one for one in odd if working_link(one)] == []
    assert working_link(link) and working_link(f"{link}/")


def test_a_signature_is_good_for_its_own_row_alone(stream, maker) -> None:
    one, other = (made(stream, maker, with_details=shown).split("/") for shown in (True, False))
    assert not working_link(f"{one[0]}/{other[1]}") and not working_link(f"{other[0]}/{one[1]}")


@pytest.mark.parametrize(
    "change",
    [
        {"whole_numbers": True},
        {"with_details": False},
        {"expires_at": F("expires_at") + timedelta(seconds=1)},
        {"owner": None},
    ],
)
def test_a_row_that_was_changed_by_hand_shows_no_more_than_was_signed(stream, maker, change) -> None:
    link = made(stream, maker)
    LogLink.objects.update(**change)
    assert working_link(link) is None


def test_it_ends_in_its_time_by_the_databases_clock(stream, maker, monkeypatch) -> None:
    link, ends = made(stream, maker), LogLink.objects.get().expires_at
    for now, works in ((ends - timedelta(microseconds=1), True), (ends, False), (ends + timedelta(days=400), False)):
        monkeypatch.setattr(log_links, "database_now", lambda now=now: now)
        assert bool(working_link(link)) is works


def test_it_is_revoked_once_and_for_all(stream, maker) -> None:
    link, row = made(stream, maker), LogLink.objects.get()
    assert working_link(link)
    assert [revoke_link(row, Actor("otto", None)) for _ in range(2)] == [True, False]
    assert working_link(link) is None and working_link(made(stream, maker))
    assert AuditEntry.objects.filter(act="revoke a log link", by="otto").count() == 1


def no_account(user: User) -> None:
    user.delete()


def no_row(user: User) -> None:
    """As by a version of the platform that knows no links."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM auth_user_groups WHERE user_id = %s", [user.pk])
        cursor.execute("DELETE FROM auth_user WHERE id = %s", [user.pk])


def no_rights(user: User) -> None:
    user.groups.clear()


def no_sharing(user: User) -> None:
    Group.objects.get().permissions.remove(Permission.objects.get(codename="share_log"))


def no_seeing(user: User) -> None:
    Group.objects.get().permissions.remove(Permission.objects.get(codename="view_streamdetail"))


def not_active(user: User) -> None:
    User.objects.update(is_active=False)


def no_staff(user: User) -> None:
    User.objects.update(is_staff=False)


@pytest.mark.parametrize("loses", [no_account, no_row, no_rights, no_sharing, no_seeing, not_active, no_staff])
def test_it_works_as_long_as_its_maker_might_make_it(stream, maker, loses) -> None:
    Group.objects.exclude(name=roles.OPERATOR).delete()
    link = made(stream, maker)
    loses(maker)
    assert working_link(link) is None
    LogLink.objects.all().delete()  # whose user is gone, and would be missed at the end of a test


def test_numbers_are_whole_as_long_as_its_maker_sees_them_so(stream, maker) -> None:
    link = made(stream, maker, whole_numbers=True)
    Group.objects.get(name=roles.OPERATOR).permissions.remove(Permission.objects.get(codename="see_numbers"))
    shared = working_link(link)
    assert shared and not shared.whole_numbers
    with pytest.raises(NotShared, match="masked"):
        made(stream, User.objects.get(pk=maker.pk), whole_numbers=True)


@pytest.mark.parametrize("lasts", [timedelta(0), timedelta(minutes=59), timedelta(days=30, seconds=1), timedelta(days=-1)])
def test_it_lasts_an_hour_at_least_and_30_days_at_most(stream, maker, lasts) -> None:
    with pytest.raises(NotShared, match="30 days at most"):
        made(stream, maker, lasts=lasts)
    assert not LogLink.objects.exists() and not AuditEntry.objects.exists()


def test_so_many_work_at_once(stream, maker, monkeypatch) -> None:
    monkeypatch.setattr(log_links, "MOST_AT_ONCE", 2)
    made(stream, maker), made(stream, maker)
    with pytest.raises(NotShared, match="Revoke one first"):
        made(stream, maker)
    revoke_link(LogLink.objects.first(), Actor("maria", None))  # type: ignore[arg-type]
    assert working_link(made(stream, maker))


def test_with_another_secret_key_it_works_for_as_long_as_the_old_one_is_named(stream, maker, settings) -> None:
    link, old, new = made(stream, maker), settings.SECRET_KEY, string.ascii_letters
    with override_settings(SECRET_KEY=new, SECRET_KEY_FALLBACKS=[old]):
        assert working_link(link)
        newer = made(stream, maker)
    with override_settings(SECRET_KEY=new, SECRET_KEY_FALLBACKS=[]):
        assert not working_link(link) and working_link(newer)
    assert working_link(link) and not working_link(newer)


def test_openings_are_counted_and_what_an_open_page_asks_for_is_not(stream, maker, monkeypatch) -> None:
    made(stream, maker)
    link = LogLink.objects.get()
    seen = []
    for within, minutes in ((True, 0), (False, 0), (True, 0), (True, 29), (True, 31), (False, 31)):
        now = link.created_at + timedelta(minutes=minutes)
        monkeypatch.setattr(log_links, "database_now", lambda now=now: now)
        note_opening(link, within=within)
        seen.append(LogLink.objects.get().opened)
    assert seen == [1, 2, 2, 2, 3, 4] and LogLink.objects.get().last_opened_at == link.created_at + timedelta(minutes=31)


def test_rows_of_those_that_ended_long_ago_are_forgotten(stream, maker, monkeypatch) -> None:
    made(stream, maker), made(stream, maker, lasts=timedelta(days=30)), made(stream, maker, lasts=timedelta(days=30))
    now = LogLink.objects.latest("pk").created_at
    revoke_link(LogLink.objects.latest("pk"), Actor("maria", None))
    left = []
    for days in (29, 31, 59, 61):
        monkeypatch.setattr(log_links, "database_now", lambda days=days: now + timedelta(days=days))
        log_links.forget_ended()
        left.append(LogLink.objects.count())
    assert left == [3, 1, 1, 0] and AuditEntry.objects.filter(act="share a debug log").count() == 3
