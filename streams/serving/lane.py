"""The lean lane for audio, in front of autobahn's parser: ordinary messages are taken off the front of what came, the rest is autobahn's.

A fast lane for one state of a connection (open, nothing negotiated, between two messages), and no second WebSocket implementation: it
answers nothing, refuses nothing and closes nothing. Must not know what a message is for, or what one may cost."""

from daphne.ws_protocol import WebSocketProtocol
from websockets.frames import apply_mask  # type: ignore[attr-defined]  # the compiled one, wherever there is one

from streams.pure.ordinary_messages import ordinary_messages


class LeanLane(WebSocketProtocol):
    """`kept`: the beginning of an ordinary message (at most 64 KiB), until more comes."""

    kept = b""

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        if self.kept:
            data, self.kept = self.kept + data, b""
        if self.is_between_messages():
            data = self.pass_ordinary(data)
        if data:
            super().dataReceived(data)

    def is_between_messages(self) -> bool:
        """Autobahn waits for nothing, and a message may be an ordinary one."""
        open_to_all = self.state == self.STATE_OPEN and not self.websocket_extensions_in_use
        return open_to_all and not self.data and self.current_frame is None and not self.inside_message

    def pass_ordinary(self, data: bytes) -> bytes:
        """Passes on those in front; returns what is autobahn's."""
        front = ordinary_messages(data, apply_mask)
        for payload, is_binary in front.messages:
            self.onMessage(payload, is_binary)
        if front.unfinished:
            self.kept = data[front.size :]
            return b""
        return data[front.size :]
