"""Streams that are recorded, from the gateway's socket to the file: what was sent and what was played, sample by sample."""

import asyncio
import base64
import io
import itertools
import sys
from contextlib import asynccontextmanager

import numpy as np
import pytest
import soundfile
from channels.db import database_sync_to_async
from django.core.files.storage import storages

from streams.models import Application, Stream, StreamEvent, StreamRecording
from streams.pure.audio.convert import to_linear, tone
from streams.pure.messages import AudioFormat, Encoding
from streams.pure.recording.tape import Taken, Tape, TapedFrame
from streams.recordings import recorded_file, recorder, store
from streams.recordings.recorded_file import Recorded, RecordedFile
from streams.simulate.customer import Customer
from tests.cdr.factories import good_call
from tests.streams.gateway_socket import call, switchboard_running, until
from tests.streams.recordings.kept_files import files
from tests.streams.rows import gateway

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("recordings_folder")]
MULAW = AudioFormat(Encoding.MULAW, 8000)
VOICE = tone(440, 1000, MULAW)
FRAMES = [bytes([number % 100 + 1]) * 160 for number in range(20)]


def new_gateway(url: str, **plan: object) -> None:
    attributes = 'bidirectional="true" contentType="audio/x-mulaw;rate=8000"'
    row = gateway("pbx", f"<Response><Stream {attributes}>{url}</Stream></Response>")
    Application.objects.filter(pk=row.application_id).update(**{"record": "whole", "callers_consent": True, **plan})


@asynccontextmanager
async def conversed(*, plays: bool = False, **plan: object):
    """A call in which the caller is heard, and where it `plays` the service with a second of a tone; over when the block begins."""
    async with Customer() as customer:
        await database_sync_to_async(new_gateway)(customer.url, **plan)
        async with switchboard_running():
            async with call() as line:
                conversation = await customer.conversation()
                for frame in FRAMES:
                    await line.send_to(bytes_data=frame)
                    await asyncio.sleep(0.02 if plays else 0)  # as fast as it is spoken: its place in time is looked at
                await conversation.until_media(len(FRAMES))
                if plays:
                    media = {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": base64.b64encode(VOICE).decode()}
                    await conversation.say({"event": "playAudio", "media": media})
                    await conversation.say({"event": "checkpoint", "name": "all of it"})
                    await until(lambda: StreamEvent.objects.filter(kind__in=("checkpoint_played", "checkpoint_unconfirmed")).exists())
            yield


async def told(kind: str) -> StreamEvent:
    return await until(lambda: StreamEvent.objects.filter(kind=kind).first())


def heard(row: StreamRecording) -> np.ndarray:
    samples, rate = soundfile.read(io.BytesIO(b"".join(store.parts(row, 0, row.size))), dtype="int16")
    assert rate == row.rate == 8000
    return samples


def place_of(wanted: np.ndarray, samples: np.ndarray) -> int:
    """Where all of `wanted` stands, -1 where it does not."""
    starts = range(len(samples) - len(wanted) + 1)
    return next((at for at in starts if samples[at] == wanted[0] and np.array_equal(samples[at : at + len(wanted)], wanted)), -1)


async def test_both_sides_are_heard_as_they_were() -> None:
    async with conversed(plays=True):
        await told("recording_kept")
        row = await until(lambda: StreamRecording.objects.select_related("stream").filter(state="kept").first())
    samples = await database_sync_to_async(heard)(row)
    assert abs(len(samples) - row.length_ms * 8) <= 8
    caller, bot = samples[:, 0], samples[:, 1]
    spoken = np.flatnonzero(caller)
    assert np.array_equal(caller[spoken], to_linear(b"".join(FRAMES), MULAW)), "what was sent stands there to the sample"
    holes = [[before / 8, after / 8] for before, after in itertools.pairwise(spoken) if after > before + 1]
    assert all(any(hole == pytest.approx(gap, abs=1) for gap in row.gaps) for hole in holes), "where this machine was late"
    began = place_of(to_linear(VOICE, MULAW), bot)
    assert began > spoken[-1] - 800, "the bot spoke when the caller had been heard"
    assert not bot[:began].any() and not bot[began + len(VOICE) :].any()
    assert 0 < row.gaps_ms == pytest.approx(sum(to - since for since, to in row.gaps), abs=len(row.gaps)), "each is rounded by itself"
    assert abs((row.began_at - row.stream.requested_at).total_seconds()) < 1


async def test_of_the_end_alone_no_more_is_kept_than_was_asked_for(recordings_folder) -> None:
    async with conversed(record="last", record_seconds=5):
        event = await told("recording_started")
        await told("recording_kept")
    assert event.details == {"last_seconds": 5}
    assert await StreamRecording.objects.filter(state="kept", length_ms__lte=5000).acount() == 1


@pytest.mark.parametrize("plan", [{"record": "off"}, {"callers_consent": False}])
async def test_without_a_wish_or_consent_nothing_is_recorded(plan, recordings_folder) -> None:
    async with conversed(**plan):
        await told("stream_ended")
    assert not await StreamEvent.objects.filter(kind__startswith="recording").aexists()
    assert not await StreamRecording.objects.aexists()
    assert not [path for path in recordings_folder.rglob("*") if path.suffix in (".part", ".sealed")]


async def test_nothing_can_be_read_of_a_file_without_its_row(recordings_folder) -> None:
    async with conversed():
        await told("recording_kept")
    (path,) = (recordings_folder / "kept").rglob("*.sealed")
    assert b"fLaC" not in path.read_bytes()
    assert path.parent.parent == recordings_folder / "kept"
    assert not list((recordings_folder / "recordings_in_work").iterdir())


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"RECORDINGS_MB": 0}, "full: all recordings may have 0 MB together (RECORDINGS_MB)."),
        ({"RECORDINGS_ACCOUNT_MB": 0}, "full: the recordings of one account may have 0 MB (RECORDINGS_ACCOUNT_MB)."),
        ({"RECORDED_STREAMS": 0}, "a process records no stream here (RECORDED_STREAMS)."),
    ],
)
async def test_what_is_over_a_limit_is_not_kept_and_says_so(changed, says, settings, recordings_folder) -> None:
    for name, value in changed.items():
        setattr(settings, name, value)
    async with conversed():
        event = await told("recording_not_kept")
        ended = await told("stream_ended")
    assert event.details["problem"] == says
    assert ended.details["cause"] == "call_ended", "the audio went on"
    assert not [path for path in recordings_folder.rglob("*") if path.suffix in (".part", ".sealed")]


def ended_stream() -> Stream:
    return good_call(gateway()).streams.get()


async def test_what_grows_over_its_accounts_limit_ends_there(monkeypatch, settings, recordings_folder) -> None:
    """However long its stream goes on; what is on disk is never much more than may be."""
    settings.RECORDINGS_ACCOUNT_MB, recorders, sizes = 1, recorder.Recorders(), [0]
    monkeypatch.setattr(recorder, "LOOK_BYTES", 200_000)
    stream = await database_sync_to_async(ended_stream)()
    linear, drawn = AudioFormat(Encoding.L16, 16_000), np.random.default_rng(1)
    recording = recorders.begin(stream.account_id, stream.uuid, Tape(linear, linear, 0.0))
    assert isinstance(recording, recorder.Recorder)
    for second in range(0, 600_000, 1000):
        piece = TapedFrame(second, drawn.integers(-9000, 9000, 16_000, np.int16).tobytes())
        recording.add(Taken([piece], [piece], second + 1000.0))
        await until(lambda: not recording._parts)
        sizes.append(recording.size)
        if recording.problem:
            break
    await recording.done.wait()
    await recorders.stop(10)
    row = await StreamRecording.objects.aget()
    says = "full: the recordings of one account may have 1 MB (RECORDINGS_ACCOUNT_MB)."
    assert (row.state, row.problem, recording.problem) == ("not kept", says, says)
    assert 1_000_000 < max(sizes) < 1_400_000
    assert files(recordings_folder) == []


async def test_a_process_that_was_taken_for_dead_keeps_nothing(monkeypatch, recordings_folder) -> None:
    """Its lease ran out, the reaper has ended its stream, a worker has settled its recording: that is what its row goes on to say."""
    finish = RecordedFile.finish

    def finish_too_late(file: RecordedFile, taken: Taken) -> Recorded:
        assert StreamRecording.objects.filter(state="recording").update(state="not kept", problem="its process is gone.")
        return finish(file, taken)

    monkeypatch.setattr(RecordedFile, "finish", finish_too_late)
    async with conversed(plays=True):
        event = await told("recording_not_kept")
    row = await StreamRecording.objects.aget()
    assert (event.details["problem"], row.state, row.file_key) == ("its process is gone.", "not kept", "")
    assert not [path for path in recordings_folder.rglob("*") if path.suffix in (".part", ".sealed")]


async def test_a_full_disk_costs_the_recording_and_nothing_else(monkeypatch, recordings_folder) -> None:
    monkeypatch.setattr(recorded_file, "FREE_BYTES", 10**18)
    async with conversed():
        event = await told("recording_not_kept")
        row = await until(lambda: StreamRecording.objects.filter(state="not kept").first())
    assert "of the disk are free" in event.details["problem"] == row.problem
    assert not list((recordings_folder / "recordings_in_work").iterdir())
    assert await Stream.objects.filter(end_cause="call_ended").acount() == 1


async def test_a_storage_that_takes_nothing_is_named(monkeypatch, recordings_folder) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no route to the bucket")

    monkeypatch.setattr(type(storages["recordings"]), "_save", refuse)
    async with conversed():
        event = await told("recording_not_kept")
    assert "no route to the bucket" in event.details["problem"]
    assert not list((recordings_folder / "recordings_in_work").iterdir())


async def test_a_machine_that_does_not_keep_up_drops_the_recording(monkeypatch) -> None:
    monkeypatch.setattr(recorder, "WAITING", 0)
    monkeypatch.setattr("streams.calls.call_recordings.PART_SECONDS", 0.2)
    async with conversed(plays=True):
        event = await told("recording_not_kept")
    assert event.details["problem"] == "full: the machine did not keep up with encoding and writing it."


async def test_a_folder_that_cannot_be_written_costs_no_audio(recordings_folder) -> None:
    (recordings_folder / "recordings_in_work").write_text("a file where a folder should be")
    async with conversed():
        event = await told("recording_not_kept")
        ended = await told("stream_ended")
    assert "recordings_in_work" in event.details["problem"]
    assert ended.details["cause"] == "call_ended"


async def test_a_machine_without_the_library_goes_on_without(monkeypatch, recordings_folder) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    async with conversed():
        event = await told("recording_not_kept")
        ended = await told("stream_ended")
    assert event.details["problem"].startswith("there is no soundfile on this machine")
    assert ended.details["cause"] == "call_ended"
    assert not list((recordings_folder / "recordings_in_work").iterdir())


async def test_a_fault_of_ours_costs_no_audio(monkeypatch, caplog) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(recorder.Recorders, "begin", break_down)
    async with conversed():
        event = await told("recording_not_kept")
        ended = await told("stream_ended")
    assert event.details["problem"] == "the platform failed at it, and its log has the details."
    assert ended.details["cause"] == "call_ended" and "a fault" in caplog.text
