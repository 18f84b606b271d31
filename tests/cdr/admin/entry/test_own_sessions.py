"""One's own sessions: seen, and ended, and nobody else's."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cdr import live, roles
from cdr.models import AuditEntry, ConsoleSession
from cdr.pure.log.filter import LogFilter
from cdr.sign_in import sessions
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import live_call

pytestmark = pytest.mark.django_db
PAGE, LOGIN, PASSWORD = "/admin/sessions/", "/admin/login/", "a-long-password-1"
CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"


@pytest.fixture
def maria() -> User:
    return person("maria", roles.OPERATOR, PASSWORD)


def signed_in_from(address: str) -> Client:
    client = Client(REMOTE_ADDR=address, HTTP_USER_AGENT=CHROME)
    client.post(LOGIN, {"username": "maria", "password": PASSWORD})
    return client


def name_of(client: Client) -> str:
    return sessions.name_of_session(ConsoleSession.objects.get(session_key=client.session.session_key))


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def test_they_stand_with_browser_address_and_times_and_the_present_one_is_marked(maria) -> None:
    here, there = signed_in_from("198.51.100.4"), signed_in_from("203.0.113.9")
    shown = read(here, PAGE)
    assert all(words in shown.text for words in ("Chrome on Windows", "198.51.100.4", "203.0.113.9", "this one", "End all others"))
    html = here.get(PAGE).content.decode()
    assert not any(client.session.session_key in html for client in (here, there))
    assert f'href="{PAGE}"' in here.get("/admin/").content.decode()


def test_one_is_ended_with_what_is_open_there(maria) -> None:
    here, there, call = signed_in_from("198.51.100.4"), signed_in_from("203.0.113.9"), live_call(make_gateway())
    socket = live.OpenLog("call", str(call.uuid), there.session.session_key or "", LogFilter())
    assert live.may_read(socket)
    here.post(PAGE, {"end": name_of(there)})
    assert is_in(here) and not is_in(there) and live.may_read(socket) is None
    entry = AuditEntry.objects.first()
    assert (entry.by, entry.address, entry.act, entry.subject) == ("maria", "198.51.100.4", "end a session", "maria")
    assert (entry.details["from"], entry.details["browser"]) == ("203.0.113.9", CHROME)


def test_all_others_are_ended_and_this_one_stays(maria) -> None:
    here, others = signed_in_from("198.51.100.4"), [signed_in_from(f"203.0.113.{number}") for number in range(3)]
    assert "3 sessions ended" in here.post(PAGE, {"others": "yes"}, follow=True).content.decode()
    assert is_in(here) and not any(is_in(other) for other in others)
    assert AuditEntry.objects.filter(act="end a session").count() == 3
    assert "There is no other one." in read(here, PAGE).text


def test_nobody_ends_anybody_elses_and_this_one_is_ended_by_logging_out(maria) -> None:
    here = signed_in_from("198.51.100.4")
    leo = signed_in(person("leo", roles.OPERATOR))
    for name in (name_of(leo), name_of(here), "", "nonsense", "\x00"):
        here.post(PAGE, {"end": name})
    here.post(PAGE)
    assert is_in(leo) and is_in(here) and not AuditEntry.objects.filter(act="end a session").exists()


def test_strangers_see_none(maria) -> None:
    assert Client().get(PAGE).headers["Location"].startswith(LOGIN)
    assert Client().post(PAGE, {"others": "yes"}).headers["Location"].startswith(LOGIN)
