"""A call from its first frame to its charge, seen from the wire, from the callbacks and from the console."""

import asyncio
import base64
import re
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from plivo.utils import validate_signature, validate_v3_signature
from standardwebhooks import Webhook

from streams.simulate.callback_receiver import ReceivedCallback
from streams.simulate.conversation import Conversation
from streams.simulate.customer import Behaviour, Customer
from tests.journeys.answers import Answers
from tests.journeys.console import Console
from tests.journeys.installation import Web
from tests.journeys.stage import AUTH_ID, AUTH_TOKEN, live, numbered, streams_to

UTC_TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


@dataclass
class Story:
    """One finished call: 60 frames, two digits. `url` and `status_url` are the customer's."""

    sent: list[bytes]
    conversation: Conversation
    callbacks: list[ReceivedCallback]
    url: str
    status_url: str


async def told(web: Web, answers: Answers) -> Story:
    sent = numbered(60)
    async with Customer(Behaviour(subprotocol="audio.drachtio.org")) as customer:
        call_uuid = streams_to(answers, customer, extraHeaders="userId=12345,session=abc")
        call, conversation = await live(web, customer, call_uuid, from_number="+18005550199", as_json=True)
        await call.send_frames(sent, dtmf="5#")
        await call.hang_up()
        await conversation.until_closed()
        assert call.complaints == [], "what Asterisk would not have liked"
        await customer.receiver.until_event(conversation.stream_id, "StopStream")
        return Story(sent, conversation, customer.receiver.of(conversation.stream_id), customer.url, customer.status_url)


@pytest.fixture(scope="module")
def story(web: Web, answers: Answers) -> Story:
    return asyncio.run(told(web, answers))


# On the customer's socket --------------------------------------------------------------------------------------------
def test_audio_is_exact_and_in_order(story: Story) -> None:
    assert story.conversation.audio == b"".join(story.sent)
    assert [media.chunk for media in story.conversation.media] == list(range(1, 61))
    assert {media.track for media in story.conversation.media} == {"inbound"}


def test_start_is_as_documented(story: Story) -> None:
    conversation = story.conversation
    details = {
        "callId": conversation.call_id,
        "streamId": conversation.stream_id,
        "accountId": AUTH_ID,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000},
    }
    extra = "userId=12345;session=abc"
    assert conversation.messages[0] == {"event": "start", "sequenceNumber": 1, "start": details, "extra_headers": extra}


def test_media_and_dtmf_are_as_documented(story: Story) -> None:
    conversation = story.conversation
    media = next(message for message in conversation.messages if message["event"] == "media")
    payload = base64.b64encode(story.sent[0]).decode()
    timestamp = media["media"]["timestamp"]
    assert media == {
        "event": "media",
        "sequenceNumber": 2,
        "streamId": conversation.stream_id,
        "media": {"track": "inbound", "timestamp": timestamp, "chunk": 1, "payload": payload},
        "extra_headers": "userId=12345;session=abc",
    }
    assert isinstance(timestamp, str) and abs(int(timestamp) / 1000 - time.time()) < 120
    assert conversation.digits == "5#"
    dtmf = next(message for message in conversation.messages if message["event"] == "dtmf")
    assert set(dtmf) == {"event", "sequenceNumber", "streamId", "dtmf", "extra_headers"}
    assert dtmf["dtmf"].keys() == {"track", "digit", "timestamp"} and dtmf["dtmf"]["timestamp"].isdecimal()


def test_the_call_s_end_is_a_stop_and_a_close(story: Story) -> None:
    conversation = story.conversation
    assert conversation.stop is not None
    assert conversation.messages[-1] is conversation.stop
    assert conversation.stop["stop"] == {"callId": conversation.call_id, "streamId": conversation.stream_id, "tracks": ["inbound"]}
    assert conversation.close_code == 1000
    assert [message["sequenceNumber"] for message in conversation.messages] == list(range(1, len(conversation.messages) + 1))
    assert conversation.strange == []


def test_media_comes_evenly(story: Story) -> None:
    times = [media.arrived_at for media in story.conversation.media]
    assert 1.1 < times[-1] - times[0] < 11
    timestamps = [media.timestamp_ms for media in story.conversation.media]
    assert timestamps == sorted(timestamps)
    assert 1100 < timestamps[-1] - timestamps[0] < 11_000


def test_the_upgrade_is_signed_and_offers_the_subprotocol(story: Story) -> None:
    headers = story.conversation.headers
    nonce, http_url = headers["x-plivo-signature-v3-nonce"], story.url.replace("ws://", "http://")
    for name in ("x-plivo-signature-v3", "x-plivo-signature-ma-v3"):
        assert validate_v3_signature("GET", http_url, nonce, AUTH_TOKEN, headers[name])
        assert not validate_v3_signature("GET", http_url, nonce, "another token", headers[name])
    assert headers["sec-websocket-protocol"] == story.conversation.subprotocol == "audio.drachtio.org"
    assert "origin" not in headers and "sec-websocket-extensions" not in headers


# The status callbacks ------------------------------------------------------------------------------------------------
def test_callbacks_come_in_order_with_their_parameters(story: Story) -> None:
    assert [callback.event for callback in story.callbacks] == ["StartStream", "StopStream"]
    for number, callback in enumerate(story.callbacks, 1):
        parameters = callback.parameters
        assert callback.method == "POST" and callback.headers["content-type"] == "application/x-www-form-urlencoded"
        assert (parameters["CallUUID"], parameters["StreamID"]) == (story.conversation.call_id, story.conversation.stream_id)
        assert (parameters["From"], parameters["To"], parameters["ParentAuthID"]) == ("18005550199", "18005550100", AUTH_ID)
        assert (parameters["ServiceURL"], parameters["status_callback_url"]) == (story.url, story.status_url)
        assert (parameters["Error"], parameters["status_callback_method"], parameters["Sequence"]) == ("", "POST", str(number))
        assert (parameters["contentType"], parameters["keepCallAlive"]) == ("audio/x-mulaw;rate=8000", "true")
        assert re.fullmatch(UTC_TIME, parameters["Timestamp"])


def test_callbacks_pass_the_published_validators(story: Story) -> None:
    secret = Webhook(base64.b64encode(AUTH_TOKEN.encode()).decode())
    for callback in story.callbacks:
        headers, parameters = callback.headers, dict(callback.parameters)
        nonce = headers["x-plivo-signature-v3-nonce"]
        assert validate_v3_signature("POST", story.status_url, nonce, AUTH_TOKEN, headers["x-plivo-signature-v3"], parameters)
        assert not validate_v3_signature(
            "POST", story.status_url, nonce, AUTH_TOKEN, headers["x-plivo-signature-v3"], parameters | {"To": "1"}
        )
        assert validate_signature(story.status_url, headers["x-plivo-signature-v2-nonce"], headers["x-plivo-signature-v2"], AUTH_TOKEN)
        secret.verify(callback.body, headers, json_parse=False)
    assert len({callback.headers["webhook-id"] for callback in story.callbacks}) == 2


# The answer URL ------------------------------------------------------------------------------------------------------
def test_the_answer_url_is_asked_as_documented(story: Story, answers: Answers) -> None:
    request = answers.requests[story.conversation.call_id]
    expected = {
        "CallUUID": story.conversation.call_id,
        "From": "18005550199",
        "To": "18005550100",
        "Direction": "inbound",
        "CallStatus": "in-progress",
        "Event": "StartApp",
    }
    assert request.method == "POST" and expected.items() <= request.parameters.items()
    nonce, signature = request.headers["x-plivo-signature-v3-nonce"], request.headers["x-plivo-signature-v3"]
    assert validate_v3_signature("POST", answers.url, nonce, AUTH_TOKEN, signature, dict(request.parameters))


# The console ---------------------------------------------------------------------------------------------------------
def test_the_call_page_shows_the_eight_facts(story: Story, console: Console) -> None:
    page = console.call(story.conversation.call_id)
    facts = page.facts[f"s{story.conversation.stream_id}"]
    assert re.match(UTC_TIME, facts["Stream start time (UTC)"]) and re.match(UTC_TIME, facts["Stream end time (UTC)"])
    assert facts["Stream start time (UTC)"] <= facts["Stream end time (UTC)"]
    assert facts["Duration"] in ("1 s", "2 s")
    assert (facts["Rounded bill duration"], facts["Billed amount"]) == ("60 s", "0.00300 USD")
    assert facts["Hangup reason"] == "Call hangup"
    assert facts["Service URL"] == story.url
    assert facts["Status callbacks"] == "2 delivered"
    page.link(rf"/streamdetail/{story.conversation.stream_id}/debug-log/")
    call = page.facts[""]
    assert (call["From"], call["To"], call["Hangup cause"]) == ("+18005550199", "18005550100", "4000 Normal Hangup")


def test_the_call_is_found_by_uuid_stream_and_number(story: Story, console: Console) -> None:
    conversation = story.conversation
    own_page = urlsplit(console.call(conversation.call_id).url).path
    for words in (conversation.call_id, conversation.call_id[:8], conversation.stream_id, "+1 800 555-0199"):
        page = console.get("/admin/cdr/calldetail/", q=words)
        assert any(own_page in link for link in page.links), words
    page = console.get("/admin/cdr/streamdetail/", q=conversation.stream_id)
    assert any(conversation.stream_id in link for link in page.links)


def test_the_debug_log_tells_the_story_in_order(story: Story, console: Console) -> None:
    page = console.debug_log(story.conversation.stream_id)
    steps = ["The call came in", "Connecting to", "Connected to", "Streaming began", "Digit 5", "Digit #", "The stream ended", "StopStream"]
    lines = list(page.lines.values())
    places = [next(number for number, line in enumerate(lines) if step in line) for step in steps]
    assert places == sorted(places)
    assert all(re.search(r"\d\d:\d\d:\d\d\.\d{3}", line) for line in lines)
    assert f"CallUUID: {story.conversation.call_id}" in page.line("StartStream")
    assert "Error:" in page.line("StopStream")
    assert AUTH_TOKEN not in page.html
    assert len(page.lines) == len(set(page.lines))


def test_pages_come_under_a_strict_policy(story: Story, console: Console) -> None:
    pages = [console.call(story.conversation.call_id), console.debug_log(story.conversation.stream_id), console.get("/admin/")]
    for page in pages:
        assert page.status == 200
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert "<script>" not in page.html and " style=" not in page.html and " onclick=" not in page.html
