"""Gateways that bring calls: the upgrade, the first words and the end of each are those of its dialect; in between one task speaks for
all, by a monotonic clock, so that hundreds cost no more than what is tried.

Owns what gateways send, and what they saw. Must not know what is right, nor which fault there is."""

import asyncio
import itertools
import time
from contextlib import suppress
from functools import cache

from websockets.frames import Opcode
from websockets.speedups import apply_mask

from streams.simulate.call_plan import CallPlan, CallRefused
from streams.simulate.gateway import CALLS
from streams.simulate.twilio import TwilioCall
from streams.simulate.wav import FRAME_BYTES, FRAME_SECONDS
from tests.chaos.fault_proxy import find_packets, lose_packets
from tests.chaos.history import BroughtCall
from tests.chaos.numbered_frames import numbered_frame
from tests.chaos.sites import PASSWORD, Site

CODECS = {"asterisk": "ulaw", "twilio": "ulaw", "audio_stream": "slin", "audio_fork": "slin"}
CONNECT_SECONDS = 20.0
LONGEST_CALL_SECONDS = 120.0
GROUPS, TOGETHER = 20, 5
"""Callers speak in so many groups within a frame's time, as real ones do not all speak at once; a group is begun with so many."""
UNREAD_BYTES = 65_536
"""A gateway that has so much the platform does not read says no more."""
MASK = b"\x5a\xc3\x1e\x97"


def on_the_wire(opcode: Opcode, payload: bytes) -> bytes:
    """A client's message as one frame (RFC 6455, 5.2), always with the same mask."""
    return header(opcode, len(payload)) + apply_mask(payload, MASK)


@cache
def header(opcode: Opcode, size: int) -> bytes:
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([0x80 | opcode]) + length + MASK


class Caller:
    """One call, from its upgrade to its hanging up. `record` is what its gateway saw."""

    def __init__(self, site: Site, record: BroughtCall, voices: "Voices", longest_seconds: float = LONGEST_CALL_SECONDS) -> None:
        self._voices = voices
        self.record, self.longest_seconds = record, longest_seconds
        codec = CODECS[record.dialect]
        plan = CallPlan(
            platform=site.webs[record.web],
            gateway=f"{record.account.lower()}-{record.dialect}",
            password=PASSWORD,
            codec=codec,
            dialect=record.dialect,
            call_uuid=record.call_uuid,
        )
        self.frame_bytes = FRAME_BYTES[codec]
        self.socket = CALLS[record.dialect](plan)
        self.muted = False
        self._hang_up = asyncio.Event()
        self.task = asyncio.create_task(self._run())

    def hang_up(self) -> None:
        self._hang_up.set()
        self.socket.changed()

    async def vanish(self) -> None:
        """Its gateway dies: TCP is reset."""
        self.muted = True
        await self.socket.vanish()

    def lose_touch(self) -> None:
        """Its gateway's machine is gone: nothing that is sent to it arrives, and nothing comes from it."""
        self.muted = True
        lose_packets(self.socket._writer.get_extra_info("socket"))

    def find_touch(self) -> None:
        if not self.socket._writer.is_closing():
            find_packets(self.socket._writer.get_extra_info("socket"))

    async def _run(self) -> None:
        record = self.record
        record.began_at = time.monotonic()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self.socket.connect()
        except (CallRefused, TimeoutError) as error:
            record.refusal = str(error) or f"no answer to the upgrade within {CONNECT_SECONDS:g} s"
            record.ended_at = time.monotonic()
            return
        record.taken = True
        with suppress(OSError):
            await self.socket.start_media()
            await self._speak()
        record.ended_at = time.monotonic()
        record.end = record.end or (str(self.socket.end) if self.socket.end else "hung up")
        await self.socket.hang_up()

    async def _speak(self) -> None:
        """Until it hangs up, or is hung up on."""
        group = self._voices.join(self)
        try:
            with suppress(TimeoutError):
                await self.socket.until(lambda: self._hang_up.is_set() or self.socket.end, "its end", self.longest_seconds)
        finally:
            group.remove(self)

    def say(self) -> None:
        """Its next frame, past its socket's library, which would take longer for it than everybody else together."""
        record, transport = self.record, self.socket._writer.transport
        if self.muted or self.socket.end is not None or transport.get_write_buffer_size() > UNREAD_BYTES:
            return
        payload = numbered_frame(record.tag, record.sent, self.frame_bytes)
        if isinstance(self.socket, TwilioCall):
            transport.write(on_the_wire(Opcode.TEXT, self.socket.next_media("inbound", payload).encode()))
        else:
            transport.write(on_the_wire(Opcode.BINARY, payload))
        record.sent, record.last_frame_at = record.sent + 1, time.monotonic()


class Voices:
    """Everybody's next frame, when it is due. A late one does not make the next ones late."""

    def __init__(self) -> None:
        self._groups: list[list[Caller]] = [[] for _ in range(GROUPS)]
        self._joined = itertools.count()

    def join(self, caller: Caller) -> list[Caller]:
        """The group that it speaks in, to be left again."""
        group = self._groups[next(self._joined) // TOGETHER % GROUPS]
        group.append(caller)
        return group

    async def speak(self) -> None:
        began = time.monotonic()
        for turn in itertools.count():
            group = self._groups[turn % GROUPS]
            if group or turn % GROUPS == 0:
                await asyncio.sleep(max(began + turn * FRAME_SECONDS / GROUPS - time.monotonic(), 0))
            for caller in group:
                caller.say()
