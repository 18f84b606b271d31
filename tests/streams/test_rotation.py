"""A new token beside the old one: on the row, in the directory of a live process, on an opened socket, in a callback."""

import asyncio
from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.utils import timezone
from plivo.utils import validate_signature
from plivo.utils.signature_v3 import validate_v3_signature
from pytest_httpserver import HTTPServer
from standardwebhooks.webhooks import Webhook

from streams.delivery import DeliveryOutcome, deliver_next
from streams.gateways.directory import Directory
from streams.models import Account, Gateway
from streams.pure.callback.signature import standard_webhook_secret
from streams.rotation import Overtaken, end_old_token, rotate
from tests.streams.callback_rows import TOKEN, account, endpoint, owed, received, stream
from tests.streams.rows import gateway

HOUR = timedelta(hours=1)


@pytest.mark.django_db
class TestTheRow:
    def test_the_old_token_counts_beside_the_new_one_and_ends_by_itself(self) -> None:
        now = timezone.now()
        token = rotate(account(), HOUR, now)
        row = account()
        assert token != TOKEN and len(token) >= 30
        assert row.tokens(now) == row.tokens(now + HOUR - timedelta(seconds=1)) == (token, TOKEN)
        assert row.tokens(now + HOUR) == (token,)

    def test_without_an_overlap_it_ends_at_once(self) -> None:
        now = timezone.now()
        token = rotate(account(), timedelta(0), now)
        assert account().tokens(now) == (token,)

    def test_a_second_rotation_ends_the_oldest(self) -> None:
        now = timezone.now()
        first = rotate(account(), HOUR, now)
        second = rotate(account(), HOUR, now)
        assert account().tokens(now) == (second, first)

    def test_who_saw_another_token_rotates_nothing(self) -> None:
        seen = account()
        token = rotate(account(), HOUR, timezone.now())
        with pytest.raises(Overtaken):
            rotate(seen, timedelta(0), timezone.now())
        assert account().tokens(timezone.now()) == (token, TOKEN)

    def test_the_old_one_is_ended_early_and_only_once(self) -> None:
        now = timezone.now()
        token = rotate(account(), HOUR, now)
        row = account()
        end_old_token(row, now)
        assert account().tokens(now) == (token,)
        with pytest.raises(Overtaken):
            end_old_token(row, now)


@pytest.mark.django_db
def test_a_callback_of_the_overlap_satisfies_who_holds_either_token(httpserver: HTTPServer) -> None:
    token = rotate(account(), HOUR, timezone.now())
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
    directory = Directory()
    try:
        at_admission = await directory.find("pbx")
        assert at_admission is not None
        (old,) = directory.tokens_of(at_admission)
        token = await database_sync_to_async(rotate)(await Account.objects.aget(pk=row.account_id), HOUR, timezone.now())
        async with asyncio.timeout(10):
            while directory.tokens_of(at_admission) == (old,):
                await asyncio.sleep(0.05)
        # The entry that the call was let in with is as old as the call.
        assert directory.tokens_of(at_admission) == (token, old)
        assert at_admission.auth_token == old
        directory.entries = {}
        assert directory.tokens_of(at_admission) == (old,)
    finally:
        await directory.stop()
