"""The upgrade requests of FreeSWITCH's two modules and of Twilio, as their WebSocket libraries write them.

Owns those bytes. Must not know calls or sockets. Sources: libwsc (amigniter), libwebsockets as mod_audio_fork uses it, and what Twilio is
seen to send."""

from collections.abc import Mapping

from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.headers import build_authorization_basic, build_host
from websockets.http11 import Request
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI, parse_uri


class TightRequest(Request):
    """A request whose header names are followed by a colon and no blank: legal, and not what parsers expect."""

    def serialize(self) -> bytes:
        lines = [f"GET {self.path} HTTP/1.1", *(f"{name}:{value}" for name, value in self.headers.raw_items()), "", ""]
        return "\r\n".join(lines).encode()


class LibwscProtocol(ClientProtocol):
    """mod_audio_stream. It offers compression, and takes it; credentials come by STREAM_EXTRA_HEADERS."""

    def __init__(self, url: str, username: str, password: str) -> None:
        deflate = ClientPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True, client_max_window_bits=9)
        super().__init__(parse_uri(url), extensions=[deflate], max_size=None)
        self._extra = {"Authorization": build_authorization_basic(username, password)}

    def connect(self) -> Request:
        offer = "permessage-deflate; client_no_context_takeover; server_no_context_takeover; client_max_window_bits=9"
        headers = {
            "Host": host_header(self.uri),
            "Upgrade": "websocket",
            "Connection": "upgrade",
            "Sec-WebSocket-Key": self.key,
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Extensions": offer,
            "Origin": f"http://{self.uri.host}:{self.uri.port}",
        }
        return TightRequest(self.uri.resource_name, Headers(headers | self._extra))


class LibwebsocketsProtocol(ClientProtocol):
    """mod_audio_fork. A jambonz offers audio.jambonz.org instead of `subprotocol`."""

    def __init__(self, url: str, username: str, password: str, subprotocol: str = "audio.drachtio.org") -> None:
        super().__init__(parse_uri(url), subprotocols=[Subprotocol(subprotocol)], max_size=None)
        self._subprotocol = subprotocol
        self._authorization = build_authorization_basic(username, password)

    def connect(self) -> Request:
        headers = {
            "Pragma": "no-cache",
            "Cache-Control": "no-cache",
            "Host": host_header(self.uri),
            "Origin": f"http://{self.uri.host}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": self.key,
            "Sec-WebSocket-Protocol": self._subprotocol,
            "Sec-WebSocket-Version": "13",
            "Authorization": self._authorization,
        }
        return Request(self.uri.resource_name, Headers(headers))


class TwilioProtocol(ClientProtocol):
    """Neither Basic auth nor a query; `more` may be the signature."""

    def __init__(self, url: str, more: Mapping[str, str]) -> None:
        super().__init__(parse_uri(url), max_size=None)
        self._more = more

    def connect(self) -> Request:
        headers = {
            "Host": host_header(self.uri),
            "User-Agent": "Twilio.TmeWs/1.0",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": self.key,
            "Sec-WebSocket-Version": "13",
        }
        return Request(self.uri.resource_name, Headers(headers | dict(self._more)))


def host_header(uri: WebSocketURI) -> str:
    return build_host(uri.host, uri.port, uri.secure)
