"""Noise cancellation of real calls: what services hear of it, what stands in rows and log, and how many streams may have it."""

import numpy as np
import pytest
from channels.db import database_sync_to_async

from streams.models import Account, Stream, StreamEvent
from streams.pure.audio.convert import from_linear, to_linear
from streams.pure.messages import AudioFormat, Encoding
from streams.simulate.conversation import Conversation
from streams.simulate.customer import Customer
from tests.streams.gateway_socket import call, switchboard_running, until
from tests.streams.pure.audio.snr import level_db, noise
from tests.streams.rows import gateway

pytestmark = pytest.mark.django_db(transaction=True)
MULAW = AudioFormat(Encoding.MULAW, 8000)
FRAMES = 200
HISS = from_linear(noise(160 * FRAMES, 8000, 55).astype(np.int16), Encoding.MULAW)


def asking(customer: Customer, **attributes: str) -> str:
    written = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return f'<Stream contentType="audio/x-mulaw;rate=8000" {written}>{customer.url}</Stream>'


def last_second_db(conversation: Conversation) -> float:
    return level_db(to_linear(conversation.audio, MULAW)[-8000:])


async def test_a_service_hears_less_noise_and_one_beyond_its_accounts_share_hears_all_of_it(settings) -> None:
    settings.NOISE_CANCELLATION_STREAMS = 2
    async with Customer() as plain, Customer() as quiet, Customer() as beyond, Customer() as another:
        answer = asking(plain), asking(quiet, noiseCancellation="true", noiseCancellationLevel="1e9"), asking(beyond, noiseCancellation="1")
        await database_sync_to_async(gateway)("pbx", f"<Response>{''.join(answer)}</Response>")
        await database_sync_to_async(gateway)("others", f"<Response>{asking(another, noiseCancellation='true')}</Response>")
        async with switchboard_running() as board:
            async with call() as communicator, call(user="others"):
                for start in range(0, len(HISS), 160):
                    await communicator.send_to(bytes_data=HISS[start : start + 160])
                heard = [await customer.conversation() for customer in (plain, quiet, beyond)]
                for conversation in heard:
                    await conversation.until_media(FRAMES)
                await another.conversation()
                mine, others = await until(lambda: list(Account.objects.order_by("pk"))[:2] if all_told() else [])
                assert board.noise_places.taken() == {mine.pk: 1, others.pk: 1}
                suppresses, named = "A process suppresses the noise of", "NOISE_CANCELLATION_STREAMS"
                assert board.noise_places.no_room(mine.pk) == (
                    f"{suppresses} 1 stream of one account at once (half of {named}), and this one does."
                )
                assert board.noise_places.no_room(0) == f"{suppresses} 2 streams at once ({named}), and this one does."
            rows = await until(lambda: kept() if Stream.objects.filter(state="ended").count() == 4 else [])
            assert not board.noise_places.taken()
    assert heard[0].audio == heard[2].audio == HISS
    assert [media.chunk for media in heard[1].media] == [media.chunk for media in heard[0].media]
    assert [len(media.payload) for media in heard[1].media] == [160] * FRAMES
    assert last_second_db(heard[0]) - last_second_db(heard[1]) > 15
    assert rows[0] is None
    assert (rows[1]["level"], rows[1]["strength"], rows[1]["problem"], rows[1]["audio_ms"]) == (100, "very high", "", 4000)
    assert 0 < rows[1]["cpu_ms_a_minute"] < 3000
    assert "of one account" in rows[2]["problem"]
    told = await until(lambda: dict(StreamEvent.objects.filter(kind__startswith="noise").values_list("stream_id", "kind")))
    assert sorted(told.values()) == ["noise_cancellation_failed", "noise_cancellation_started", "noise_cancellation_started"]
    warned = await until(StreamEvent.objects.filter(kind="call_answer_warning").first)
    assert warned.details["problem"].endswith(
        "noiseCancellationLevel is '1e9'; it has to be a whole number from 60 to 100; it is taken as 100."
    )


def all_told() -> bool:
    return StreamEvent.objects.filter(kind__startswith="noise").count() == 3


def kept() -> list[dict | None]:
    """Of the streams of the first account, in the order of its XML."""
    return [stream.measure.noise for stream in Stream.objects.select_related("measure").order_by("account_id", "pk")[:3]]


async def test_where_none_may_have_it_the_log_says_by_which_setting(settings) -> None:
    settings.NOISE_CANCELLATION_STREAMS = 0
    async with Customer() as customer:
        await database_sync_to_async(gateway)("pbx", f"<Response>{asking(customer, noiseCancellation='true')}</Response>")
        async with switchboard_running(), call():
            failed = await until(StreamEvent.objects.filter(kind="noise_cancellation_failed").first)
    assert failed.details["problem"] == "A process suppresses the noise of no stream here (NOISE_CANCELLATION_STREAMS)."
