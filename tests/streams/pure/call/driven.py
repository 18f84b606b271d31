"""A call driven by hand: a session, a clock that is set, and everything that came out of it."""

import json
from typing import Any
from uuid import UUID, uuid4

from streams.pure.call.effects import Effect, TellGateway, Write
from streams.pure.call.limits import StreamLimits
from streams.pure.call.noise_cancellation import PLENTY, NoiseMeans
from streams.pure.call.notes import Identity, Note
from streams.pure.call.session import CallSession
from streams.pure.customer.connection import Closure
from streams.pure.lifecycle import EventKind, Level
from streams.pure.messages import Audio, AudioFormat, Encoding, GatewayCommand, Started, StreamRequest

MULAW = AudioFormat(Encoding.MULAW, 8000)
REQUEST = StreamRequest("wss://bot.example/audio", content_type="audio/x-mulaw;rate=8000")
FRAME = bytes(range(160))
FACTS = {"address": "192.0.2.1", "duration_ms": 12}


class Driven:
    """A session with a hand on its clock, and what came out of it."""

    def __init__(
        self,
        limits: StreamLimits | None = None,
        answered: bool = True,
        marks: bool = False,
        *,
        noise: NoiseMeans = PLENTY,
        **started: Any,
    ) -> None:
        self.now = 100.0
        identity, limits = Identity(uuid4(), "MA" + "X" * 18), limits or StreamLimits(buffer_ms=1000, retry_seconds=(1, 3))
        self.session = CallSession(identity, limits, 100.0, 1_700_000_000.0, marks, noise=noise)
        self.notes: list[Note] = []
        self.effects: list[Effect] = []
        self.session.note(EventKind.CALL_STARTED, Level.INFO, None, self.now, gateway="pbx")
        self.session.hear(Started(**{"format": MULAW, "frame_ms": 20, "gateway_call_id": "gw-1", **started}), self.now)
        if answered:
            self.session.follow([], self.now)

    def collect(self) -> list[Effect]:
        fresh = self.session.effects.drain()
        self.notes += [effect.note for effect in fresh if isinstance(effect, Write)]
        others = [effect for effect in fresh if not isinstance(effect, Write)]
        self.effects += others
        return others

    def stream(self, request: StreamRequest = REQUEST) -> UUID:
        stream_id = uuid4()
        self.session.start_stream(stream_id, request, "XML", self.now)
        return stream_id

    def connected(self, request: StreamRequest = REQUEST) -> UUID:
        stream_id = self.stream(request)
        self.session.streams[stream_id].dialling(self.now)
        self.session.streams[stream_id].connect_succeeded(self.now, FACTS)
        return stream_id

    def customer_closed(self, stream_id: UUID, closure: Closure) -> None:
        self.session.streams[stream_id].closed(closure, self.now)
        self.session.settle(self.now)

    def frames(self, count: int) -> None:
        for _ in range(count):
            self.now += 0.02
            self.session.audio(Audio(FRAME), self.now)

    def texts(self, stream_id: UUID) -> list[dict[str, Any]]:
        """Everything the stream has for its customer now, as a ready socket would take it."""
        stream, texts = self.session.streams[stream_id], []
        while (text := stream.take(self.now)) is not None:
            texts.append(json.loads(text))
        return texts

    def kinds(self) -> list[EventKind]:
        self.collect()
        return [note.kind for note in self.notes]

    def last(self, kind: EventKind) -> Note:
        self.collect()
        return [note for note in self.notes if note.kind is kind][-1]

    def told(self) -> list[GatewayCommand]:
        """The commands for the gateway since the last call of this method."""
        return [effect.command for effect in self.collect() if isinstance(effect, TellGateway)]

    def says(self, stream_id: UUID, /, **message: Any) -> None:
        """One message from the stream's customer."""
        self.session.customer_said(self.session.streams[stream_id], json.dumps(message), self.now)

    def ticks(self, seconds: float) -> list[GatewayCommand]:
        """Lets time pass in ticks; returns what the gateway was told."""
        commands: list[GatewayCommand] = []
        for _ in range(round(seconds / 0.02)):
            self.now += 0.02
            self.session.tick(self.now)
            commands += self.told()
        return commands
