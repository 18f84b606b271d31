"""Several tokens of an account: on the rows, in the directory of a live process, on an opened socket, in a callback."""

import asyncio
from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.utils import timezone
from plivo.utils import validate_signature
from plivo.utils.signature_v3 import validate_v3_signature
from pytest_httpserver import HTTPServer
from standardwebhooks.webhooks import Webhook

from streams.gateways.directory import Directory
from streams.models import Account, AuthToken, Gateway
from streams.pure.callback.signature import standard_webhook_secret
from streams.tokens import MAIN, MOST_AT_ONCE, NotMade, Overtaken, find_token, known_as, make, of_account, revoke
from tests.streams.callback_rows import TOKEN, account, endpoint, owed, received, stream
from tests.streams.delivering import DeliveryOutcome, deliver_next
from tests.streams.rows import gateway, main_token

HOUR = timedelta(hours=1)


def row(name: str) -> AuthToken:
    return AuthToken.objects.get(name=name)


@pytest.mark.django_db
class TestTheRows:
    def test_a_new_token_counts_beside_those_there_are_the_newest_first(self) -> None:
        now = timezone.now()
        script = make(account(), "script", "anna", now + HOUR)
        assert script.secret != TOKEN and len(script.secret) >= 30
        assert of_account(account(), now) == (script.secret, TOKEN)

    def test_one_that_is_revoked_counts_until_its_moment_and_ends_by_itself(self) -> None:
        account()
        now = timezone.now()
        token = make(account(), "next", "anna", now)
        assert revoke(row(MAIN), HOUR, now) == now + HOUR
        assert of_account(account(), now + HOUR - timedelta(seconds=1)) == (token.secret, TOKEN)
        assert of_account(account(), now + HOUR) == (token.secret,)

    def test_one_that_is_revoked_at_once_opens_nothing_and_is_known_again(self) -> None:
        account()
        now = timezone.now()
        revoke(row(MAIN), timedelta(0), now)
        assert of_account(account(), now) == ()
        assert known_as(account(), TOKEN) == row(MAIN) and find_token(account().auth_id, TOKEN, now) is None

    def test_an_end_is_put_forward_and_never_off(self) -> None:
        account()
        now = timezone.now()
        revoke(row(MAIN), HOUR, now)
        assert revoke(row(MAIN), 24 * HOUR, now) == now + HOUR
        revoke(row(MAIN), timedelta(0), now)
        with pytest.raises(Overtaken):
            revoke(row(MAIN), HOUR, now)

    def test_who_saw_another_end_revokes_nothing(self) -> None:
        account()
        seen, now = row(MAIN), timezone.now()
        revoke(row(MAIN), 2 * HOUR, now)
        with pytest.raises(Overtaken):
            revoke(seen, HOUR, now)

    def test_a_name_stands_for_one_token_and_five_count_at_most(self) -> None:
        now = timezone.now()
        with pytest.raises(NotMade, match="has a token named 'main' already"):
            make(account(), MAIN, "anna", now)
        for number in range(MOST_AT_ONCE - 1):
            make(account(), f"script {number}", "anna", now)
        with pytest.raises(NotMade, match="Revoke one first"):
            make(account(), "one more", "anna", now)
        revoke(row("script 0"), timedelta(0), now)
        assert make(account(), "script 0", "anna", now).secret


@pytest.mark.django_db
def test_without_a_token_a_callback_goes_out_unsigned(httpserver: HTTPServer) -> None:
    callback = owed(stream(), endpoint(httpserver, 200))
    revoke(row(MAIN), timedelta(0), timezone.now())
    assert deliver_next(callback.stream_id) is DeliveryOutcome.DELIVERED
    (request,) = received(httpserver)
    assert not [name for name, _ in request.headers if "signature" in name.lower()] and request.headers["webhook-id"]


@pytest.mark.django_db
def test_a_callback_satisfies_who_holds_any_token_that_counts(httpserver: HTTPServer) -> None:
    token = make(account(), "next", "anna", timezone.now() + HOUR).secret
    callback = owed(stream(), endpoint(httpserver, 200))
    assert deliver_next(callback.stream_id) is DeliveryOutcome.DELIVERED
    (request,) = received(httpserver)
    headers, form = request.headers, request.form.to_dict()
    for held in (token, TOKEN):
        for name in ("X-Plivo-Signature-V3", "X-Plivo-Signature-Ma-V3"):
            assert validate_v3_signature("POST", request.url, headers["X-Plivo-Signature-V3-Nonce"], held, headers[name], dict(form))
        Webhook(standard_webhook_secret(held)).verify(request.get_data(), dict(headers.items()), json_parse=False)
    assert validate_signature(request.url, headers["X-Plivo-Signature-V2-Nonce"], headers["X-Plivo-Signature-V2"], TOKEN)


@pytest.mark.django_db(transaction=True)
async def test_a_live_process_knows_the_new_token_within_a_second_or_so() -> None:
    row: Gateway = await database_sync_to_async(gateway)("pbx", "<Response/>", "correct-horse-battery")
    first = await database_sync_to_async(main_token)(row.account)
    directory = Directory()
    try:
        at_admission = await directory.find("pbx")
        assert at_admission is not None
        (old,) = directory.tokens_of(at_admission)
        made = await database_sync_to_async(make)(await Account.objects.aget(pk=row.account_id), "next", "anna", timezone.now())
        token = made.secret
        async with asyncio.timeout(10):
            while directory.tokens_of(at_admission) == (old,):
                await asyncio.sleep(0.05)
        # The entry that the call was let in with is as old as the call.
        assert directory.tokens_of(at_admission) == (token, old)
        assert old == first
        directory.entries = {}
        assert directory.tokens_of(at_admission) == (old,)
    finally:
        await directory.stop()
