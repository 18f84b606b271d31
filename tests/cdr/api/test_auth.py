"""Who is let in, and what a wrong token is told."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from cdr.api.auth import token_of
from streams import tokens
from streams.models import Account, AuthToken
from tests.cdr.api.customers import Customer, basic


def opens(auth_id: str, secret: str) -> Account | None:
    token = token_of(auth_id, secret)
    return token.account if token else None


def test_the_right_token_and_no_other(acme: Customer) -> None:
    auth_id, secret = acme.account.auth_id, acme.auth_token
    assert opens(auth_id, secret) == acme.account
    for wrong in (secret[:-1], secret + "x", secret.swapcase(), "", "ä", "\x00", AuthToken.objects.get().digest):
        assert opens(auth_id, wrong) is None
    for unknown in ("", "MA000000000000000000", f"{auth_id}\x00", "\x00", auth_id.lower()):
        assert opens(unknown, secret) is None


def test_every_token_that_counts_opens_and_one_that_has_ended_does_not(acme: Customer) -> None:
    auth_id, now = acme.account.auth_id, timezone.now()
    script = tokens.make(acme.account, "script", "anna", now)
    assert opens(auth_id, script.secret) == opens(auth_id, acme.auth_token) == acme.account
    tokens.revoke(AuthToken.objects.get(name="main"), timedelta(hours=1), now)
    assert opens(auth_id, acme.auth_token) == acme.account
    tokens.revoke(AuthToken.objects.get(name="main"), timedelta(0), now)
    assert opens(auth_id, acme.auth_token) is None and opens(auth_id, script.secret) == acme.account


def test_another_accounts_token_opens_nothing(acme: Customer, globex: Customer) -> None:
    assert opens(acme.account.auth_id, globex.auth_token) is None


def test_no_token_is_opened_to_let_one_in(acme: Customer, django_assert_num_queries, monkeypatch) -> None:
    """With a thousand tokens it would otherwise take a thousand times as long."""
    monkeypatch.setattr("streams.sealed.opened", lambda sealed: pytest.fail("a token was opened"))
    with django_assert_num_queries(1):
        assert opens(acme.account.auth_id, acme.auth_token) == acme.account


def test_an_account_whose_tokens_have_ended_lets_nobody_in(acme: Customer) -> None:
    tokens.revoke(AuthToken.objects.get(), timedelta(0), timezone.now())
    for nothing in ("", " ", AuthToken.objects.get().secret):
        assert opens(acme.account.auth_id, nothing) is None


def test_its_last_use_is_written_once_an_hour_and_not_by_who_is_refused(acme: Customer, django_assert_num_queries) -> None:
    assert acme.get("/v1/Account/MA000000000000000000/Call/").status_code == 401
    assert AuthToken.objects.get().last_used_at is None
    acme.get("")
    first = AuthToken.objects.get().last_used_at
    acme.get("")
    assert first is not None and AuthToken.objects.get().last_used_at == first
    AuthToken.objects.update(last_used_at=first - timedelta(hours=2))
    acme.get("")
    assert (AuthToken.objects.get().last_used_at or first) >= first


@pytest.mark.parametrize("header", ["", "Basic", "Basic !!!", "Bearer x", basic("user", "")[:9], basic("MA000000000000000000", "x")])
def test_every_wrong_login_is_told_the_same(acme: Customer, header: str) -> None:
    answers = [Client().get(f"{acme.base}Call/", HTTP_AUTHORIZATION=value) for value in (header, basic(acme.account.auth_id, "wrong"))]
    first, second = answers
    assert first.status_code == second.status_code == 401
    assert first.json()["error"] == second.json()["error"]
    assert dict(first.headers) == dict(second.headers)
    assert acme.auth_token not in first.content.decode()
