"""Who is let in, and what a wrong token is told."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from cdr.api.auth import account_of
from streams.models import Account
from streams.rotation import end_old_token, rotate
from tests.cdr.api.customers import Customer, basic


def test_the_right_token_and_no_other(acme: Customer) -> None:
    auth_id, auth_token = acme.account.auth_id, acme.account.auth_token
    assert account_of(auth_id, auth_token) == acme.account
    for wrong in (auth_token[:-1], auth_token + "x", auth_token.swapcase(), "", "ä", "\x00"):
        assert account_of(auth_id, wrong) is None
    for unknown in ("", "MA000000000000000000", f"{auth_id}\x00", "\x00", auth_id.lower()):
        assert account_of(unknown, auth_token) is None


def test_while_a_rotation_overlaps_both_tokens_open_and_then_one(acme: Customer) -> None:
    auth_id, old = acme.account.auth_id, acme.account.auth_token
    new = rotate(acme.account, timedelta(hours=1), timezone.now())
    assert account_of(auth_id, new) == account_of(auth_id, old) == acme.account
    assert account_of(auth_id, "x") is None
    end_old_token(Account.objects.get(), timezone.now())
    assert account_of(auth_id, new) == acme.account and account_of(auth_id, old) is None


def test_the_same_work_is_done_with_an_overlap_and_without_one_and_for_nobody(acme: Customer, monkeypatch) -> None:
    compared: list[int] = []
    monkeypatch.setattr("cdr.api.auth.hmac.compare_digest", lambda one, other: compared.append(1) or one == other)
    rounds = []
    for auth_id in (acme.account.auth_id, "MA000000000000000000"):
        account_of(auth_id, acme.account.auth_token)
        rounds.append(len(compared))
    rotate(acme.account, timedelta(hours=1), timezone.now())
    account_of(acme.account.auth_id, "x")
    assert [*rounds, len(compared)] == [2, 4, 6]


def test_an_account_without_a_token_lets_nobody_in(acme: Customer) -> None:
    Account.objects.filter(pk=acme.account.pk).update(auth_token="")
    assert account_of(acme.account.auth_id, "") is None


@pytest.mark.parametrize("header", ["", "Basic", "Basic !!!", "Bearer x", basic("user", "")[:9], basic("MA000000000000000000", "x")])
def test_every_wrong_login_is_told_the_same(acme: Customer, header: str) -> None:
    answers = [Client().get(f"{acme.base}Call/", HTTP_AUTHORIZATION=value) for value in (header, basic(acme.account.auth_id, "wrong"))]
    first, second = answers
    assert first.status_code == second.status_code == 401
    assert first.json()["error"] == second.json()["error"]
    assert dict(first.headers) == dict(second.headers)
    assert acme.account.auth_token not in first.content.decode()
