"""What a frame of audio costs on its way, as a ratio to autobahn's parser receiving the same frames in the same process: it is the same on
any machine. The bounds are more than twice what was measured: only who puts a new cost on every frame reaches them."""

import gc
import time
from collections.abc import Callable
from itertools import count

from websockets.frames import Frame, Opcode
from websockets.speedups import apply_mask

from streams.pure.audio.convert import from_linear
from streams.pure.call.limits import StreamLimits
from streams.pure.conversation.caller import CallerSide
from streams.pure.conversation.detector import webrtc
from streams.pure.messages import Audio, Encoding
from streams.pure.text_frame import masks, text_frame
from streams.serving.limits import ConnectionLimits
from tests.streams.pure.call.driven import FRAME, Driven
from tests.streams.pure.conversation.spoken import MULAW, frames, spoken
from tests.streams.serving.memory_socket import InMemory, MemorySocket, ParserAlone

RECEIVED = Frame(Opcode.BINARY, FRAME).serialize(mask=True)
FRAMES, TURNS = 100, 30


def received_by(kind: type[InMemory]) -> Callable[[], object]:
    socket = MemorySocket(kind, ConnectionLimits(unread_bytes=100_000_000)).accept()
    return lambda: socket.socket.dataReceived(RECEIVED)


def forked(limits: StreamLimits | None = None) -> Callable[[], object]:
    """From the frame of a gateway to the bytes for a customer."""
    driven, numbers, drawn = Driven(limits), count(1), masks()
    stream = driven.session.streams[driven.connected()]
    stream.take(driven.now)

    def fork() -> None:
        now = driven.now + next(numbers) * 0.02
        driven.session.audio(Audio(FRAME), now)
        text = stream.take(now)
        assert text is not None
        text_frame(text, next(drawn), apply_mask)

    return fork


def conversing() -> Callable[[], object]:
    """The turns of a call: a frame of speech in noise is kept, and looked at with a hundred others."""
    track = spoken(10, noise_db=20)
    audio = list(frames(from_linear(track.samples, Encoding.MULAW), 160))[:-1]
    caller, numbers = CallerSide(MULAW, 0.0, webrtc()), count(1)

    def converse() -> None:
        number = next(numbers)
        caller.came(audio[number % len(audio)], number * 20.0)
        if number % FRAMES == 0:
            caller.look(number * 20.0)

    return converse


def costs(*works: Callable[[], object]) -> list[float]:
    """CPU seconds of each for so many frames. They take turns, and of each the best turn counts: whatever else the machine does at the time
    makes single turns dearer."""
    best = [float("inf")] * len(works)
    for _ in range(TURNS):
        for place, work in enumerate(works):
            began = time.thread_time()
            for _ in range(FRAMES):
                work()
            best[place] = min(best[place], time.thread_time() - began)
    return best


def test_a_frame_costs_what_it_did() -> None:
    """Measured: the lane 0.17 of the parser, the fork 0.29, 0.34 where it is recorded, turns 0.3."""
    parser, lane, fork, turns = received_by(ParserAlone), received_by(InMemory), forked(), conversing()
    recorded = forked(StreamLimits(buffer_ms=1000, recorded_seconds=1.0))
    gc.disable()
    try:
        parsing, passing, forking, talking, recording = costs(parser, lane, fork, turns, recorded)
    finally:
        gc.enable()
    ratios = {"lane": passing / parsing, "fork": forking / parsing, "turns": talking / parsing, "recorded": recording / parsing}
    print(ratios)  # to be read with -s
    assert passing < 0.4 * parsing
    assert forking < 0.8 * parsing
    assert talking < 0.9 * parsing
    assert recording < 0.8 * parsing
