"""The journey that takes as long as it takes: a customer that stops reading, with the real buffer of 40 s."""

import asyncio
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from streams.simulate.callback_receiver import ReceivedCallback
from streams.simulate.conversation import Conversation
from streams.simulate.customer import Behaviour, Customer
from streams.simulate.ending import cancelled
from tests.journeys.answers import Answers
from tests.journeys.installation import Web
from tests.journeys.stage import live, response, speech, stream


def levels(callbacks: list[ReceivedCallback]) -> list[tuple[str, str]]:
    return [(callback.event, callback.parameters.get("BufferPercent", "")) for callback in callbacks]


def told_at(callback: ReceivedCallback) -> float:
    """When the platform says it was, in whole seconds since the epoch: the callback itself waits for a worker."""
    return datetime.strptime(callback.parameters["Timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()


def worst_gap_seconds(conversation: Conversation) -> float:
    """The 95th percentile of the time between two media messages."""
    times = [media.arrived_at for media in conversation.media]
    gaps = sorted(later - earlier for earlier, later in zip(times, times[1:], strict=False))
    return gaps[int(len(gaps) * 0.95)]


@dataclass
class LongRun:
    """A customer that stopped reading with the real 40 s buffer. Times are whole seconds after it stopped."""

    seconds: dict[tuple[str, str], float]
    dropped: ReceivedCallback
    neighbour: Conversation


async def forty_seconds(web: Web, answers: Answers) -> LongRun:
    """Takes its 45 s beside the other journeys: conftest starts it with the first of them."""
    # With Linux's usual receive buffer the customer's kernel alone takes, and so hides, another 5 s.
    async with Customer(Behaviour(stop_reading_after=25, receive_buffer_bytes=16_384)) as slow, Customer() as good:
        call_uuid = str(uuid.uuid4())
        mulaw = {"contentType": "audio/x-mulaw;rate=8000"}
        answers.set(call_uuid, response(stream(slow.url, statusCallbackUrl=slow.status_url, **mulaw), stream(good.url, **mulaw)))
        call, stuck = await live(web, slow, call_uuid)
        neighbour = await good.conversation()
        voice = asyncio.create_task(call.send_frames(speech(60)))
        await stuck.until_media(25)
        stopped_at = int(time.time())
        dropped = await slow.receiver.until_event(stuck.stream_id, "DroppedStream", timeout_seconds=60)
        seconds = {level: told_at(one) - stopped_at for one in slow.receiver.of(stuck.stream_id) for level in levels([one])}
        await cancelled(voice)
        await call.hang_up()
        await neighbour.until_closed()
    return LongRun(seconds, dropped, neighbour)
