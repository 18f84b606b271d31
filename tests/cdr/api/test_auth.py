"""Who is let in, and what a wrong token is told."""

import pytest
from django.test import Client

from cdr.api.auth import account_of
from streams.models import Account
from tests.cdr.api.customers import Customer, basic


def test_the_right_token_and_no_other(acme: Customer) -> None:
    auth_id, auth_token = acme.account.auth_id, acme.account.auth_token
    assert account_of(auth_id, auth_token) == acme.account
    for wrong in (auth_token[:-1], auth_token + "x", auth_token.swapcase(), "", "ä", "\x00"):
        assert account_of(auth_id, wrong) is None
    for unknown in ("", "MA000000000000000000", f"{auth_id}\x00", "\x00", auth_id.lower()):
        assert account_of(unknown, auth_token) is None


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
