"""What most journeys need at their beginning: an account, a call plan for its gateway, an answer that streams, frames to send."""

import uuid
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from streams.simulate.call_plan import CallPlan
from streams.simulate.conversation import Conversation
from streams.simulate.customer import Customer
from streams.simulate.gateway import AsteriskCall
from streams.simulate.wav import SPEECH, frames, load_wav
from tests.journeys.answers import Answers

if TYPE_CHECKING:
    from tests.journeys.installation import Web

AUTH_ID, AUTH_TOKEN, PASSWORD = "MAJOURNEYSJOURNEYSJO", "6fKq-journeys-2hT9vLw0cXb7-token", "journeys-anvil-7-harbour"
SIGNING_TOKEN = "5402c3dd954a53e7005d23e00f29154f"


def accounts(answer_url: str) -> dict[str, Any]:
    """One customer whose calls are answered by its answer URL, which gateway gw-get's application asks by GET."""
    asked: dict[str, Any] = {"name": "asked", "answer_url": answer_url}
    recorded = {"name": "recorded", "record": "whole", "callers_consent": True}
    applications = [asked, asked | {"name": "asked by GET", "answer_method": "GET"}, asked | recorded]
    gateway = {"name": "gw1", "dialect": "asterisk", "password": PASSWORD, "application": "asked"}
    gateways = [gateway, gateway | {"name": "gw-get", "application": "asked by GET"}]
    gateways += [gateway | {"name": f"gw-{dialect}", "dialect": dialect} for dialect in ("audio_stream", "audio_fork", "twilio")]
    gateways += [gateway | {"name": name} for name in ("gw-page", "gw-knocked")]
    gateways += [gateway | {"name": "gw-recorded", "application": "recorded"}]
    gateways += [{"name": "gw-signed", "dialect": "twilio", "signing_token": SIGNING_TOKEN, "application": "asked"}]
    filled = {
        "name": "Journeys without a pause",
        "applications": [asked],
        "gateways": [gateway | {"name": "gw-filled"}],
    }
    account = {
        "name": "Journeys",
        "auth_id": AUTH_ID,
        "auth_token": AUTH_TOKEN,
        "rate": "0.00300",
        "billing_interval": 60,
        "currency": "USD",
        # A busy machine makes a simulated gateway stall, and what was sent is compared byte for byte.
        "fill_silence": False,
    }
    return {"accounts": [account | {"applications": applications, "gateways": gateways}, filled]}


def plan(web: "Web", **changes: object) -> CallPlan:
    """A call through the journeys' gateway; frames of speech, half a second, unless the test brings its own."""
    given: dict[str, object] = {"platform": web.ws_url, "gateway": "gw1", "password": PASSWORD, "frames": speech(0.5)}
    return CallPlan(**(given | changes))  # type: ignore[arg-type]


def speech(seconds: float, codec: str = "ulaw") -> list[bytes]:
    """The beginning of the speech we ship. Repeats after its 11 s."""
    audio = frames(*load_wav(SPEECH), codec)
    count = round(seconds * 50)
    return (audio * (count // len(audio) + 1))[:count]


def numbered(count: int) -> list[bytes]:
    """Frames of mu-law of which no two are alike: each begins with its own number."""
    return [number.to_bytes(4, "big") + bytes([number % 251]) * 156 for number in range(count)]


def stream(url: str, **attributes: object) -> str:
    """One <Stream> element."""
    written = "".join(f" {name}={quoteattr(str(value))}" for name, value in attributes.items())
    return f"<Stream{written}>{escape(url)}</Stream>"


def response(*elements: str) -> str:
    return f"<?xml version='1.0'?><Response>{''.join(elements)}</Response>"


def streams_to(answers: Answers, customer: Customer, **attributes: object) -> str:
    """A fresh call UUID whose answer streams mu-law to the customer, with its status callbacks."""
    given = {"contentType": "audio/x-mulaw;rate=8000", "statusCallbackUrl": customer.status_url, "keepCallAlive": "true"}
    call_uuid = str(uuid.uuid4())
    answers.set(call_uuid, response(stream(customer.url, **(given | attributes))))
    return call_uuid


async def live(web: "Web", customer: Customer, call_uuid: str, **changes: object) -> tuple[AsteriskCall, Conversation]:
    """A call whose first stream has reached the customer; nothing has been said yet, so that every frame is to arrive."""
    call = AsteriskCall(plan(web, call_uuid=call_uuid, **changes))
    await call.connect()
    await call.start_media()
    return call, await customer.conversation_of(call_uuid)


async def written(customer: Customer, conversation: Conversation) -> None:
    """Until the rows of a stream with audio are there, as its StartStream says, which is sent from them. Audio is relayed before: of a
    call that has just begun no page, list or API knows on a busy machine, and a process that is killed leaves nothing of it."""
    await customer.receiver.until_event(conversation.stream_id, "StartStream")
