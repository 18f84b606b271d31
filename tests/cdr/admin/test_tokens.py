"""An account's auth tokens in the console: made under a name, shown once, listed without any token, revoked at once or after a time."""

from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from cdr import roles
from cdr.models import AuditEntry
from streams import tokens
from streams.models import Account, AuthToken
from streams.pure.callback.signature import standard_webhook_secret
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway
from tests.streams.rows import main_token

PAGE = "/admin/streams/account/{}/change/"


@pytest.fixture
def account(db) -> Account:
    account = make_gateway().account
    main_token(account)
    return account


@pytest.fixture
def administrator(db) -> Client:
    return signed_in(person("anna", roles.ADMINISTRATOR))


def new_page(account: Account) -> str:
    return f"/admin/streams/account/{account.pk}/new-token/"


def revoke_page(token: AuthToken) -> str:
    return f"/admin/streams/account/{token.account_id}/revoke-token/{token.pk}/"


def counting(account: Account) -> tuple[str, ...]:
    return tokens.of_account(account, timezone.now())


def row(name: str) -> AuthToken:
    return AuthToken.objects.get(name=name)


def test_it_is_asked_first_for_a_name(administrator, account) -> None:
    page = read(administrator, new_page(account))
    assert "A new auth token for" in page.text and "shown to you once" in page.text and "The single V2 signature" in page.text
    assert len(counting(account)) == 1 and not AuditEntry.objects.exists()
    assert new_page(account) in " ".join(read(administrator, PAGE.format(account.pk)).links)


def test_a_new_token_is_shown_once_and_a_reload_makes_none(administrator, account) -> None:
    response = administrator.post(new_page(account), {"name": "billing script"})
    new, old = counting(account)
    html = response.content.decode()
    assert new in html and old not in html and standard_webhook_secret(new) in unescape(html)
    assert "no-store" in response.headers["Cache-Control"]
    again = administrator.post(new_page(account), {"name": "billing script"})
    assert counting(account) == (new, old) and new not in again.content.decode()
    assert "has a token named" in again.content.decode()
    for page in (PAGE.format(account.pk), f"/admin/streams/account/{account.pk}/history/", "/admin/cdr/auditentry/"):
        assert new not in administrator.get(page).content.decode()


@pytest.mark.parametrize("name", ["", "  ", "x" * 61])
def test_a_token_without_a_usable_name_is_not_made(administrator, account, name) -> None:
    assert administrator.post(new_page(account), {"name": name}).status_code == 200
    assert len(counting(account)) == 1 and not AuditEntry.objects.exists()


def test_a_hostile_name_is_a_text(administrator, account) -> None:
    administrator.post(new_page(account), {"name": "<script>x</script>\u202e"})
    html = administrator.get(PAGE.format(account.pk)).content.decode()
    assert "<script>x" not in html and "\u202e" not in html and "script" in html


@pytest.mark.parametrize(("ends", "hours"), [("0", 0), ("1", 1), ("24", 24), ("168", 168)])
def test_a_revoked_token_counts_for_as_long_as_was_chosen(administrator, account, ends, hours) -> None:
    before = timezone.now()
    administrator.post(revoke_page(row("main")), {"ends": ends})
    ends_at = row("main").ends_at
    assert ends_at and timedelta(0) <= ends_at - before - timedelta(hours=hours) < timedelta(minutes=1)
    assert len(counting(account)) == (1 if hours else 0)


@pytest.mark.parametrize("ends", ["", "2", "-1", "never"])
def test_a_time_that_was_not_offered_changes_nothing(administrator, account, ends) -> None:
    assert "no time was chosen" in administrator.post(revoke_page(row("main")), {"ends": ends}, follow=True).content.decode()
    assert row("main").ends_at is None and not AuditEntry.objects.exists()


def test_the_account_lists_them_with_their_last_use_and_which_signs_v2(administrator, account) -> None:
    administrator.post(new_page(account), {"name": "next"})
    AuthToken.objects.filter(name="next").update(last_used_at=timezone.now())
    text = read(administrator, PAGE.format(account.pk)).text
    assert text.count("counts until it is revoked") == 2 and text.count("signs V2") == 1 and "never" in text and "anna" in text
    administrator.post(revoke_page(row("main")), {"ends": "1"})
    assert "counts until 20" in read(administrator, PAGE.format(account.pk)).text
    administrator.post(revoke_page(row("main")), {"ends": "0"})
    page = read(administrator, PAGE.format(account.pk))
    assert "ended 20" in page.text and "counts until it is revoked; signs V2" in page.text
    assert revoke_page(row("main")) not in " ".join(page.links)
    assert "has ended already" in read(administrator, revoke_page(row("main"))).text


def test_the_last_token_is_revoked_with_a_warning(administrator, account) -> None:
    assert "the API lets nobody in" in read(administrator, revoke_page(row("main"))).text
    administrator.post(revoke_page(row("main")), {"ends": "0"})
    assert counting(account) == ()
    tokens.make(account, "one", "anna", timezone.now())
    tokens.make(account, "two", "anna", timezone.now())
    assert "the API lets nobody in" not in read(administrator, revoke_page(row("one"))).text
    assert "next oldest" in read(administrator, revoke_page(row("one"))).text


def test_the_audit_log_has_who_and_which_and_no_token(administrator, account) -> None:
    administrator.post(new_page(account), {"name": "next"})
    seen = counting(account)
    administrator.post(revoke_page(row("main")), {"ends": "1"})
    administrator.post(revoke_page(row("main")), {"ends": "0"})
    made, later, at_once = AuditEntry.objects.order_by("pk")
    assert (made.by, made.act, made.subject, made.address) == ("anna", "make a token", account.name, "127.0.0.1")
    assert (later.act, later.subject, at_once.details) == ("revoke a token", account.name, {"name": "main", "ends": "at once"})
    assert made.details == {"name": "next"} and later.details["ends"].endswith(" UTC")
    assert not any(token in str(entry.details) for entry in (made, later, at_once) for token in seen)


def test_it_takes_the_permission(operator, account) -> None:
    for page in (new_page(account), revoke_page(row("main"))):
        assert operator.get(page).status_code == operator.post(page, {"name": "x", "ends": "0"}).status_code == 403
    assert "-token" not in " ".join(read(operator, PAGE.format(account.pk)).links)
    assert len(counting(account)) == 1


def test_a_token_is_revoked_on_its_own_accounts_page_only(administrator, account) -> None:
    other = make_gateway("pbx-2", "Globex").account
    assert administrator.post(f"/admin/streams/account/{other.pk}/revoke-token/{row('main').pk}/", {"ends": "0"}).status_code == 404
    assert len(counting(account)) == 1
