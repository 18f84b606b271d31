"""The commands an operator tries the platform with, against the running platform."""

import asyncio
import re

import pytest

from streams.simulate.customer import Customer
from tests.journeys.answers import Answers
from tests.journeys.installation import Installation, Web
from tests.journeys.stage import PASSWORD, streams_to


def simulate(installation: Installation, web: Web, *options: str, status: int = 0) -> str:
    words = ["simulate_gateway", "--url", web.ws_url, "--gateway", "gw1", *options]
    return installation.finish(installation.manage(*words), status)


@pytest.mark.parametrize(("ending", "words"), [("hangup", "hung up"), ("vanish", "vanished")])
async def test_a_call_from_the_command_line(ending: str, words: str, installation: Installation, web: Web, answers: Answers) -> None:
    async with Customer() as customer:
        call_uuid = streams_to(answers, customer)
        options = ["--password", PASSWORD, "--call-uuid", call_uuid, "--seconds", "0.5", "--dtmf", "7", "--end", ending]
        said = await asyncio.to_thread(simulate, installation, web, *options)
        conversation = await customer.conversation_of(call_uuid)
        await conversation.until_closed()
    assert re.search(rf"^{call_uuid} {words}; sent 0.5 s of audio", said, re.MULTILINE)
    assert conversation.digits == "7"


async def test_a_wrong_password_is_one_sentence(installation: Installation, web: Web) -> None:
    said = await asyncio.to_thread(simulate, installation, web, "--password", "wrong", status=1)
    assert "CommandError: The platform refused gateway 'gw1' (HTTP 403). Check the gateway's name and password; " in said
    assert "Traceback" not in said
