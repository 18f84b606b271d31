"""A WebSocket client that looks on the wire like Asterisk's: its upgrade request, its demands of the answer, its close codes.

Owns those bytes (res_http_websocket.c; checked against recordings of 23.4.1). Must not know calls, control messages or sockets."""

from collections.abc import Iterable
from urllib.parse import quote, urlencode, urlsplit

from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.headers import build_authorization_basic, build_host
from websockets.http11 import Request
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

# Asterisk closes with 1009 when a frame with its header is longer than 65535 bytes; the header of such a frame takes 4.
LONGEST_PAYLOAD_BYTES = 65_531


class UnusableUrl(ValueError):
    """The platform's URL cannot be dialled; the message says what would be right."""


def call_url(platform: str, dialect: str, path: Iterable[str], parameters: Iterable[tuple[str, str]]) -> str:
    """`platform` (ws://host:port) with the gateway's `path` behind its dialect and the call's query string; raises UnusableUrl."""
    parts = urlsplit(platform)
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise UnusableUrl(f"{platform!r} is no WebSocket URL. Write something like ws://127.0.0.1:8000.")
    query = urlencode([(name, value) for name, value in parameters if value], quote_via=quote)
    return f"{platform.rstrip('/')}/gateway/{dialect}/{'/'.join(quote(part, safe='') for part in path)}/" + (f"?{query}" if query else "")


class AsteriskProtocol(ClientProtocol):
    """Sans-I/O. Any extension in the answer, and a subprotocol that was not offered, fail the handshake (ClientProtocol sees to it)."""

    def __init__(self, url: str, username: str, password: str) -> None:
        super().__init__(parse_uri(url), subprotocols=[Subprotocol("media")], max_size=LONGEST_PAYLOAD_BYTES)
        self._authorization = build_authorization_basic(username, password)

    def connect(self) -> Request:
        """Exactly these headers in this order: no Origin and no User-Agent."""
        headers = Headers()
        headers["Sec-WebSocket-Version"] = "13"
        headers["Upgrade"] = "websocket"
        headers["Connection"] = "Upgrade"
        headers["Host"] = build_host(self.uri.host, self.uri.port, self.uri.secure)
        headers["Authorization"] = self._authorization
        headers["Sec-WebSocket-Protocol"] = "media"
        headers["Sec-WebSocket-Key"] = self.key
        return Request(self.uri.resource_name, headers)

    def send_frame(self, frame: Frame) -> None:
        """A close never has a reason; the answer to the platform's close says 1001, whatever the platform said (measured)."""
        if frame.opcode is Opcode.CLOSE:
            code = CloseCode.GOING_AWAY if self.close_rcvd is not None else Close.parse(bytes(frame.data)).code
            frame = Frame(Opcode.CLOSE, Close(code, "").serialize())
        super().send_frame(frame)
