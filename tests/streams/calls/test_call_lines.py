"""What the log says of a call: its beginning and its end, in a line each, and no number."""

import logging

import pytest
from channels.db import database_sync_to_async

from streams.models import Call
from tests.streams.gateway_socket import call, switchboard_running, until
from tests.streams.rows import gateway

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_call_is_two_lines_without_numbers(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "streams.calls.call_lines")
    await database_sync_to_async(gateway)("pbx", "<Response/>")
    async with switchboard_running() as board:
        async with call("from=4915112345678&to=18005550100"):
            await until(Call.objects.exists)
        await until(lambda: not board.relays)
    row = await Call.objects.aget()
    began, ended = [record.getMessage() for record in caplog.records if record.name == "streams.calls.call_lines"]
    assert began == f"Call {row.uuid} began: gateway pbx, asterisk, inbound."
    assert ended.startswith(f"Call {row.uuid} ended after ") and ended.endswith("4000 Normal Hangup.")
    assert "4915112345678" not in caplog.text and "18005550100" not in caplog.text
