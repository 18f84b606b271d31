"""Rotating an account's auth token: asked first, shown once, in the audit log without any token, and never done twice by a reload."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from cdr import roles
from cdr.models import AuditEntry
from streams.models import Account
from streams.pure.callback.signature import standard_webhook_secret
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway

PAGE = "/admin/streams/account/{}/change/"


@pytest.fixture
def account(db) -> Account:
    return make_gateway().account


@pytest.fixture
def administrator(db) -> Client:
    return signed_in(person("anna", roles.ADMINISTRATOR))


def rotate_page(account: Account) -> str:
    return f"/admin/streams/account/{account.pk}/rotate-token/"


def end_page(account: Account) -> str:
    return f"/admin/streams/account/{account.pk}/end-old-token/"


def asked(client: Client, account: Account, overlap: str = "24") -> dict[str, str]:
    """The form as the page has it."""
    html = client.get(rotate_page(account)).content.decode()
    (seen,) = re.findall(r'name="seen" value="(\w+)"', html)
    return {"seen": seen, "overlap": overlap}


def tokens(account: Account) -> tuple[str, ...]:
    return Account.objects.get(pk=account.pk).tokens(timezone.now())


def test_it_is_asked_first_with_a_time_for_the_old_one(administrator, account) -> None:
    page = read(administrator, rotate_page(account))
    assert "Rotate the auth token of" in page.text and "7 days" in page.text and "The single V2 signature" in page.text
    assert account.auth_token not in administrator.get(rotate_page(account)).content.decode()
    assert tokens(account) == (account.auth_token,) and not AuditEntry.objects.exists()
    assert rotate_page(account) in " ".join(read(administrator, PAGE.format(account.pk)).links)


def test_the_new_token_is_shown_once_and_a_reload_does_nothing(administrator, account) -> None:
    form = asked(administrator, account)
    response = administrator.post(rotate_page(account), form)
    new, old = tokens(account)
    assert old == account.auth_token and new in response.content.decode() and old not in response.content.decode()
    assert standard_webhook_secret(new) in unescape(response.content.decode())
    assert "no-store" in response.headers["Cache-Control"]
    again = administrator.post(rotate_page(account), form, follow=True)
    assert tokens(account) == (new, old)
    assert "Nothing was done" in again.content.decode()


@pytest.mark.parametrize(("overlap", "hours"), [("0", 0), ("1", 1), ("24", 24), ("168", 168)])
def test_the_old_one_counts_for_as_long_as_was_chosen(administrator, account, overlap, hours) -> None:
    before = timezone.now()
    administrator.post(rotate_page(account), asked(administrator, account, overlap))
    row = Account.objects.get(pk=account.pk)
    assert timedelta(0) <= row.old_auth_token_until - before - timedelta(hours=hours) < timedelta(minutes=1)
    assert len(tokens(account)) == (2 if hours else 1)


@pytest.mark.parametrize("overlap", ["", "2", "-1", "never"])
def test_a_time_that_was_not_offered_changes_nothing(administrator, account, overlap) -> None:
    administrator.post(rotate_page(account), asked(administrator, account, overlap))
    assert tokens(account) == (account.auth_token,) and not AuditEntry.objects.exists()


def test_the_account_says_until_when_and_the_old_one_can_be_ended(administrator, account) -> None:
    administrator.post(rotate_page(account), asked(administrator, account))
    new, old = tokens(account)
    page = read(administrator, PAGE.format(account.pk))
    assert "counts until" in page.text and end_page(account) in " ".join(page.links)
    assert old not in administrator.get(PAGE.format(account.pk)).content.decode()
    assert "End the old auth token" in read(administrator, end_page(account)).text
    assert tokens(account) == (new, old)
    administrator.post(end_page(account))
    assert tokens(account) == (new,)
    assert "ended at" in read(administrator, PAGE.format(account.pk)).text
    assert "no old one counts" in read(administrator, end_page(account)).text


def test_the_audit_log_has_who_and_until_when_and_no_token(administrator, account) -> None:
    administrator.post(rotate_page(account), asked(administrator, account, "1"))
    administrator.post(end_page(account))
    seen = tokens(account) + (account.auth_token,)
    first, second = AuditEntry.objects.order_by("pk")
    assert (first.by, first.act, first.subject, first.address) == ("anna", "rotate a token", account.name, "127.0.0.1")
    assert (second.act, second.subject) == ("end an old token", account.name)
    assert first.details["old_one_valid_until"] == second.details["would_have_ended"]
    assert not any(token in str(entry.details) for entry in (first, second) for token in seen)


def test_it_takes_the_permission(operator, account) -> None:
    for page in (rotate_page(account), end_page(account)):
        assert operator.get(page).status_code == operator.post(page).status_code == 403
    assert "rotate-token" not in " ".join(read(operator, PAGE.format(account.pk)).links)
    assert tokens(account) == (account.auth_token,)


def test_a_token_typed_into_the_form_replaces_both(administrator, account) -> None:
    administrator.post(rotate_page(account), asked(administrator, account))
    form = administrator.get(PAGE.format(account.pk)).context["adminform"].form
    values = {name: form[name].value() for name in form.fields if form[name].value() is not None} | {
        "auth_token": "rh72D7weZZIfUbFiuZZCxdvdtLZ3WgMXefOY0iB2"
    }
    assert administrator.post(PAGE.format(account.pk), values).status_code == 302
    assert tokens(account) == ("rh72D7weZZIfUbFiuZZCxdvdtLZ3WgMXefOY0iB2",)
