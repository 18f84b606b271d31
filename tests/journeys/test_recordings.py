"""What a real Asterisk said, said again to the running platform: every byte of audio and every digit arrives."""

import json
import uuid

import pytest

from streams.simulate.customer import Customer
from streams.simulate.gateway import AsteriskCall
from tests.journeys.answers import Answers
from tests.journeys.installation import Web
from tests.journeys.stage import plan, response, stream
from tests.streams.simulate import recordings


@pytest.mark.parametrize("name", recordings.NAMES)
async def test_a_recorded_call(name: str, web: Web, answers: Answers) -> None:
    """In JSON control the call's identity comes from the channel variables alone, as it does behind ARI."""
    said = [line for line in recordings.read(name) if line.sender == "asterisk" and line.what in ("text", "binary")]
    media_start = said[0].value
    as_json = media_start.startswith("{")
    call_uuid = json.loads(media_start)["channel_variables"]["__CALL_UUID"] if as_json else str(uuid.uuid4())
    content_type = "audio/x-l16;rate=16000" if "slin16" in name else "audio/x-mulaw;rate=8000"
    async with Customer() as customer:
        answers.set(call_uuid, response(stream(customer.url, contentType=content_type)))
        identity = {"call_uuid": "", "from_number": "", "to_number": ""} if as_json else {"call_uuid": call_uuid}
        call = AsteriskCall(plan(web, as_json=as_json, **identity))
        await call.connect()
        await call.send_text(media_start)
        conversation = await customer.conversation_of(call_uuid)
        for line in said[1:]:
            await (call.send_frame if line.what == "binary" else call.send_text)(line.value)
        await call.hang_up()
        await conversation.until_closed()
    assert conversation.audio == b"".join(line.value for line in said if line.what == "binary")
    assert conversation.digits == ("12#" if "dtmf" in name else "")
    assert answers.requests[call_uuid].parameters["From"] == "18005550199"
    assert call.complaints == []
