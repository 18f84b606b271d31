"""What a frame of audio costs on its way, as a ratio to autobahn's parser receiving the same frames in the same process: it is the same on
any machine. The bounds are more than twice what was measured: only who puts a new cost on every frame reaches them."""

import gc
import time
from collections.abc import Callable
from itertools import count

from websockets.frames import Frame, Opcode
from websockets.speedups import apply_mask

from streams.pure.messages import Audio
from streams.pure.text_frame import masks, text_frame
from streams.serving.limits import ConnectionLimits
from tests.streams.pure.call.driven import FRAME, Driven
from tests.streams.serving.memory_socket import InMemory, MemorySocket, ParserAlone

RECEIVED = Frame(Opcode.BINARY, FRAME).serialize(mask=True)
FRAMES, TURNS = 50, 30


def received_by(kind: type[InMemory]) -> Callable[[], object]:
    socket = MemorySocket(kind, ConnectionLimits(unread_bytes=100_000_000)).accept()
    return lambda: socket.socket.dataReceived(RECEIVED)


def forked() -> Callable[[], object]:
    """From the frame of a gateway to the bytes for a customer."""
    driven, frames, drawn = Driven(), count(1), masks()
    stream = driven.session.streams[driven.connected()]
    stream.take(driven.now)

    def fork() -> None:
        now = driven.now + next(frames) * 0.02
        driven.session.audio(Audio(FRAME), now)
        text = stream.take(now)
        assert text is not None
        text_frame(text, next(drawn), apply_mask)

    return fork


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
    """Measured: the lane 0.16 of the parser, the fork 0.33."""
    parser, lane, fork = received_by(ParserAlone), received_by(InMemory), forked()
    gc.disable()
    try:
        parsing, passing, forking = costs(parser, lane, fork)
    finally:
        gc.enable()
    print(f"lane / parser: {passing / parsing:.2f}, fork / parser: {forking / parsing:.2f}")  # to be read with -s
    assert passing < 0.4 * parsing
    assert forking < 0.8 * parsing
