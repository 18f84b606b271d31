"""`manage.py let_in`: the way back for a locked-out only administrator."""

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from cdr.models import AuditEntry, AuthenticatorApp, FailedSignIn
from cdr.sign_in import locks

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> User:
    for name, address in (("admin", "192.0.2.1"), ("guess", "192.0.2.1")):
        FailedSignIn.objects.create(username=name, ip_address=address, failures_since_start=20)
    user = User.objects.create_superuser("admin")
    AuthenticatorApp.objects.create(user=user)
    return user


def test_it_lifts_every_lock_and_leaves_the_second_factor(admin, capsys) -> None:
    assert locks.failures("admin", "192.0.2.1").locked
    call_command("let_in", "admin")
    assert not FailedSignIn.objects.exists() and AuthenticatorApp.objects.exists()
    assert "admin may try again now." in capsys.readouterr().out
    assert AuditEntry.objects.get().by == "manage.py let_in"


def test_it_removes_the_second_factor_when_told_to(admin, capsys) -> None:
    call_command("let_in", "admin", "--remove-second-factor")
    assert not AuthenticatorApp.objects.exists()
    assert AuditEntry.objects.first().act == "remove second factor"
    call_command("let_in", "admin", "--remove-second-factor")
    assert "admin has no second factor." in capsys.readouterr().out


def test_a_name_that_nobody_has_is_told_who_there_is(admin) -> None:
    with pytest.raises(CommandError, match=r"There is no user amdin\. Who may sign in: admin\."):
        call_command("let_in", "amdin")


def test_who_may_not_sign_in_anyway_is_told_so(admin) -> None:
    User.objects.create_user("visitor")
    with pytest.raises(CommandError, match="visitor may not sign in"):
        call_command("let_in", "visitor")
