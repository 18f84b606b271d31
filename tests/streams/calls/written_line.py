"""A gateway's line in a test's hand: the real line and the real dialect, on a socket whose words are written down."""

from collections.abc import Callable
from contextvars import copy_context
from typing import Self

from streams.gateways.line import Caller, CallOnLine, GatewayLine, LineCallbacks
from streams.pure.gateway.dialects import CallIdentity, dialect
from streams.pure.gateway.meter import Meter
from streams.pure.gateway.refusal import Reason
from streams.pure.gateway.version import Upgrade
from streams.pure.messages import AudioFormat, Encoding, GatewayMessage, Started

CALL = "7d1f7a52-41a9-4c05-9d9c-9f6b3a2d7e10"
MEDIA_START = "MEDIA_START connection_id:ingress channel:WebSocket/1 channel_id:gw1-1 format:ulaw optimal_frame_size:160 ptime:20"
"""Asterisk's first words."""
METADATA = '{"rate": 8000, "mix": "mono"}'
"""mod_audio_stream's."""
STARTED = Started(AudioFormat(Encoding.MULAW, 8000), 20, "gw1-1")
"""What MEDIA_START means."""


def caller(dialect_name: str = "asterisk", query: dict[str, str] | None = None, **ids: int) -> Caller:
    given = {"gateway_id": 1, "application_id": 2, "account_id": 3, **ids}
    return Caller(
        gateway_name="pbx",
        dialect_name=dialect_name,
        **given,
        auth_id="MA" + "X" * 18,
        address="192.0.2.7:4000",
        host="192.0.2.7",
        upgrade=Upgrade(),
        query={"call_uuid": CALL} if query is None else query,
    )


class WrittenLine(GatewayLine):
    """`sent` is what was put on its socket, `closes` how that was closed, `refusals` why the media was not taken."""

    def __init__(self, of: Caller, bring: Callable[[GatewayLine, CallIdentity, GatewayMessage | None], CallOnLine | None]) -> None:
        self.sent: list[str | bytes] = []
        self.closes: list[tuple[int, str]] = []
        self.refusals: list[tuple[Reason, str]] = []
        ends = LineCallbacks(bring, self.sent.append, self._close_written, self._refusal_written, Meter())
        super().__init__(of, dialect(of.dialect_name, of.query), ends, copy_context())

    def _close_written(self, code: int, reason: str) -> None:
        self.closes.append((code, reason))

    def _refusal_written(self, reason: Reason, words: str) -> None:
        self.refusals.append((reason, words))

    def settled(self, seconds: float = 3600.0) -> Self:
        """As if it had been open so long."""
        self.opened_at -= seconds
        return self
