"""A conversation with known turns, through the real platform: a gateway's call speaks, a customer's service answers after known gaps, is
interrupted and falls silent, and what the platform made of it stands in the API and on the stream's page."""

import asyncio
import base64
import json
import urllib.request
from typing import Any

import numpy as np
import pytest

from streams.pure.audio.convert import from_linear, tone
from streams.pure.messages import Encoding
from streams.simulate.conversation import Conversation
from streams.simulate.customer import Customer
from tests.journeys.answers import Answers
from tests.journeys.console import Console
from tests.journeys.installation import Web
from tests.journeys.stage import AUTH_ID, AUTH_TOKEN, live, streams_to
from tests.streams.pure.conversation.spoken import MULAW, frames, sentences

FRAME_MS = 20
NEAR_MS = 300
"""The machine is shared: what was generated is known to the platform as well as its gateway keeps time."""


def spoken(*parts: float | int) -> tuple[bytes, list[tuple[int, int]]]:
    """Silences (seconds) and sentences (their numbers) in turn, and in which frames each sentence begins and ends."""
    samples, said = np.zeros(0, np.int16), []
    for place, part in enumerate(parts):
        if place % 2:
            begins = len(samples) // 160
            samples = np.concatenate([samples, sentences()[int(part)]])
            said.append((begins, len(samples) // 160))
        else:
            samples = np.concatenate([samples, np.zeros(int(part * 8000), np.int16)])
    return from_linear(samples, Encoding.MULAW), said


async def says(conversation: Conversation, seconds: float) -> None:
    payload = base64.b64encode(tone(440, round(seconds * 1000), MULAW)).decode()
    await conversation.say({"event": "playAudio", "media": {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": payload}})


async def answers_when(conversation: Conversation, said: list[tuple[int, int]]) -> None:
    """A greeting; an answer after 0.6 s that is long, and is cleared 0.5 s after the caller begins; an answer after 1.5 s."""
    await says(conversation, 1.0)
    await later_than(conversation, said[0][1], 0.6)
    await says(conversation, 20.0)
    await later_than(conversation, said[1][0], 0.5)
    await conversation.say({"event": "clearAudio", "streamId": conversation.stream_id})
    await later_than(conversation, said[1][1], 1.5)
    await says(conversation, 0.8)


async def later_than(conversation: Conversation, frame: int, seconds: float) -> None:
    """So long after a frame was heard: counted in frames it would be shorter where a busy machine's gateway catches up."""
    await conversation.until_media(frame)
    await asyncio.sleep(seconds)


def stream_of_api(web: Web, call_uuid: str, stream_id: str) -> dict[str, Any]:
    request = urllib.request.Request(f"{web.http_url}/v1/Account/{AUTH_ID}/Call/{call_uuid}/Stream/{stream_id}/")
    request.add_header("Authorization", "Basic " + base64.b64encode(f"{AUTH_ID}:{AUTH_TOKEN}".encode()).decode())
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


@pytest.mark.slow
async def test_turns_gaps_and_interruptions_are_found_as_they_were_made(web: Web, answers: Answers, console: Console) -> None:
    track, said = spoken(1.8, 5, 2.2, 3, 3.0)
    async with Customer() as customer:
        call, conversation = await live(web, customer, streams_to(answers, customer, bidirectional="true"))
        service = asyncio.create_task(answers_when(conversation, said))
        await call.send_frames(list(frames(track, 160)))
        await asyncio.wait_for(service, 30)
        await call.hang_up()
        await customer.receiver.until_event(conversation.stream_id, "StopStream")
    stream = await asyncio.to_thread(stream_of_api, web, call.plan.call_uuid, conversation.stream_id)
    talk = stream["conversation"]
    assert (talk["turns"], talk["caller_interruptions"], talk["bot_interruptions"]) == (3, 1, 0)
    assert talk["response_p50_ms"] == pytest.approx(600, abs=NEAR_MS)
    assert talk["response_longest_ms"] == pytest.approx(1500, abs=NEAR_MS)
    assert talk["both_ms"] == pytest.approx(500, abs=NEAR_MS)
    assert talk["caller_ms"] == pytest.approx(sum(end - begin for begin, end in said) * FRAME_MS, abs=NEAR_MS)
    await asyncio.to_thread(
        console.page_that_says,
        f"/admin/cdr/streamdetail/{conversation.stream_id}/change/",
        "How the conversation went",
        "The caller interrupted it once.",
        "by the caller, ",
    )
