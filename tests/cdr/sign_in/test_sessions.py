"""When a session is over by itself, what counts as use of it, and that its end is written down once."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from time_machine import travel

from cdr import live, roles, tasks
from cdr.models import AuditEntry, ConsoleSession
from cdr.pure.log.filter import LogFilter
from cdr.sign_in import sessions
from tests.cdr.admin.conftest import person
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import live_call

pytestmark = pytest.mark.django_db
HOME, FIREFOX = "198.51.100.4", "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
LOGIN, PASSWORD = "/admin/login/", "a-long-password-1"


@pytest.fixture
def maria() -> User:
    return person("maria", roles.OPERATOR, PASSWORD)


@pytest.fixture
def browser(maria) -> Client:
    client = Client(REMOTE_ADDR=HOME, HTTP_USER_AGENT=FIREFOX)
    client.post(LOGIN, {"username": "maria", "password": PASSWORD})
    return client


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def minutes(number: float) -> travel:
    """So many from now."""
    return travel(timezone.now() + timedelta(minutes=number), tick=True)


def test_it_knows_whose_it_is_and_where_it_began(browser, maria) -> None:
    (row,) = ConsoleSession.objects.all()
    assert (row.user, row.address, row.browser) == (maria, HOME, FIREFOX)
    assert timezone.now() - row.begun_at < timedelta(minutes=1)
    assert row.session_key not in str(row)


def test_a_session_that_nobody_uses_is_over_and_that_is_written_down_once(browser, settings) -> None:
    with minutes(settings.SESSION_IDLE_MINUTES - 1):
        assert is_in(browser)
    with minutes(settings.SESSION_IDLE_MINUTES * 2 - 2):
        assert is_in(browser), "it was used meanwhile"
    with minutes(settings.SESSION_IDLE_MINUTES * 3):
        assert not is_in(browser) and not is_in(browser)
    entry = AuditEntry.objects.get(act="end a session")
    assert (entry.by, entry.subject, entry.details["why"]) == ("maria", "maria", "not used for 60 minutes")
    assert not ConsoleSession.objects.filter(user__isnull=False).exists()


def test_a_short_limit_ends_no_session_that_is_used(browser, settings) -> None:
    settings.SESSION_IDLE_MINUTES = 1
    for seconds in range(0, 300, 50):
        with minutes(seconds / 60):
            assert is_in(browser)


def test_an_open_log_keeps_no_session_alive(browser, settings) -> None:
    call = live_call(make_gateway())
    reading = live.OpenLog("call", str(call.uuid), browser.session.session_key or "", LogFilter())
    for part in range(1, 4):
        with minutes(settings.SESSION_IDLE_MINUTES * part / 4):
            assert live.may_read(reading)
    with minutes(settings.SESSION_IDLE_MINUTES + 1):
        assert live.may_read(reading) is None and not is_in(browser)


def test_use_without_end_is_over_in_the_end(browser, settings) -> None:
    settings.SESSION_IDLE_MINUTES = 100_000
    for day in range(1, 14):
        with minutes(day * 1440):
            browser.get("/admin/password_change/")
            assert is_in(browser)
    with minutes(14 * 1440 + 1):
        assert not is_in(browser)


def test_a_page_costs_no_write_when_the_last_use_was_a_moment_ago(browser) -> None:
    def writes() -> int:
        with CaptureQueriesContext(connection) as queries:
            browser.get("/admin/sessions/")
        return sum(query["sql"].startswith("UPDATE") for query in queries)

    assert writes() == 0
    with minutes(2):
        assert (writes(), writes()) == (1, 0)


def test_a_page_is_shown_when_its_use_cannot_be_written(browser, monkeypatch, caplog) -> None:
    def locked(*args: object, **kwargs: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(QuerySet, "update", locked)
    with minutes(2):
        assert is_in(browser)
    assert "The use of a session could not be written down (database is locked)." in caplog.text


def test_where_it_is_used_is_where_it_was_used_last(browser) -> None:
    with minutes(2):
        browser.get("/admin/", REMOTE_ADDR="203.0.113.9", HTTP_USER_AGENT="curl/8\x00\n")
    row = ConsoleSession.objects.get()
    assert (row.address, row.browser.startswith("curl/8"), row.browser.isprintable()) == ("203.0.113.9", True, True)


def test_a_new_key_for_the_same_session_keeps_when_it_began(browser, maria) -> None:
    before = ConsoleSession.objects.get()
    new = "another-long-one-2"
    with minutes(5):
        browser.post("/admin/password_change/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    after = ConsoleSession.objects.get()
    assert (after.begun_at, after.address, after.user) == (before.begun_at, HOME, maria) and after.session_key != before.session_key


def test_the_hourly_task_ends_those_that_never_came_back(browser, settings) -> None:
    with minutes(settings.SESSION_IDLE_MINUTES + 1):
        tasks.forget_old_sign_ins()
        tasks.forget_old_sign_ins()
    assert not ConsoleSession.objects.exists() and AuditEntry.objects.filter(act="end a session").count() == 1


def test_a_user_who_is_removed_takes_his_sessions_along(browser, maria) -> None:
    maria.delete()
    assert not ConsoleSession.objects.filter(user__isnull=False).exists() and not is_in(browser)


def test_a_clock_that_was_set_back_confirms_nobody() -> None:
    session: dict[str, float] = {}
    sessions.mark_confirmed(session)
    assert sessions.is_confirmed(session)
    with minutes(-10):
        assert not sessions.is_confirmed(session)
    with minutes(6):
        assert not sessions.is_confirmed(session)
    assert not sessions.is_confirmed({})


def test_one_whose_time_is_over_is_nobodys_and_has_no_key(browser) -> None:
    assert is_in(browser)
    ConsoleSession.objects.update(expire_date=timezone.now())
    store = sessions.SessionStore(browser.session.session_key)
    assert (store.load(), store.session_key, store.row) == ({}, None, None) and not is_in(browser)
