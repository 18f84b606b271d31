"""One's own password: wrong guesses at the present one count as at the login page, and a change is in the audit log."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cdr import live, roles
from cdr.models import AuditEntry, FailedSignIn
from cdr.pure.log.filter import LogFilter
from cdr.pure.sign_in import MOST_OF_A_NAME
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import live_call

pytestmark = pytest.mark.django_db
PAGE, LOGIN = "/admin/password_change/", "/admin/login/"
PASSWORD, NEW = "a-long-password-1", "another-long-one-2"


@pytest.fixture
def maria() -> User:
    return person("maria", roles.OPERATOR, PASSWORD)


def change(client: Client, old: str, new: str = NEW):
    return client.post(PAGE, {"old_password": old, "new_password1": new, "new_password2": new})


def acts() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))


def test_a_change_is_in_the_audit_log_and_ends_other_sessions(maria) -> None:
    here, elsewhere, call = signed_in(maria), signed_in(maria), live_call(make_gateway())
    socket = live.OpenLog("call", str(call.uuid), elsewhere.session.session_key or "", LogFilter())
    assert live.may_read(socket)
    assert change(here, PASSWORD).status_code == 302
    maria.refresh_from_db()
    assert maria.check_password(NEW) and acts() == ["change own password"]
    entry = AuditEntry.objects.get()
    assert (entry.by, entry.subject) == ("maria", "maria") and NEW not in str(entry.details)
    assert here.get("/admin/").status_code == 200 and elsewhere.get("/admin/").status_code == 302
    assert live.may_read(socket) is None


def test_guesses_at_the_present_one_count_and_lock(maria) -> None:
    client = signed_in(maria)
    for _ in range(MOST_OF_A_NAME - 1):
        answer = change(client, "guess")
        assert answer.status_code == 200 and "Your old password was entered incorrectly" in answer.content.decode()
    locked = change(client, "guess")
    assert locked.status_code == 429 and "Retry-After" in locked.headers
    assert FailedSignIn.objects.get().failures_since_start == MOST_OF_A_NAME
    assert acts() == ["fail to sign in", "lock sign-ins"]
    assert change(client, PASSWORD).status_code == 429, "nor does the right one count while it is locked"
    maria.refresh_from_db()
    assert maria.check_password(PASSWORD)
    assert Client().post(LOGIN, {"username": "maria", "password": PASSWORD}).status_code == 429


@pytest.mark.parametrize("new", ["", "short"])
def test_a_weak_one_changes_and_writes_nothing(maria, new) -> None:
    assert change(signed_in(maria), PASSWORD, new).status_code == 200
    maria.refresh_from_db()
    assert maria.check_password(PASSWORD) and acts() == []
