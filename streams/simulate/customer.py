"""A customer's WebSocket service, good or bad in the ways real ones are, with its HTTP status callback address on the same port.

Owns how the service behaves. Must not know Django or the platform's own code: what comes is read by conversation and callback_receiver."""

import asyncio
import logging
import socket
import ssl
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Protocol, Self, cast

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from streams.simulate.callback_receiver import CallbackReceiver
from streams.simulate.conversation import Conversation
from streams.simulate.listener import Listener
from streams.simulate.waiting import Changing

# Every connection is told of in words of our own; of the library's only what went wrong is wanted.
logger = logging.getLogger(__name__)
logger.setLevel(logging.WARNING)

TLS_HANDSHAKE = 0x16  # the first byte of a TLS connection (RFC 8446, 5.1)


class Talks(Protocol):
    def hears(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """What is said to a message of the platform; None where nothing is."""


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What the service does; as it stands, it is good. Counts of media are per connection.

    `refuse` upgrades are answered with `refuse_status` (and `redirect_to`, for a 3xx) before one is taken; `hang` never answers them.
    After `stop_reading_after` media messages nothing is read, for good or for `read_again_after_seconds`. `garbage` is sent after
    the first message. With `reset`, `close_after` means a TCP reset instead of a close frame. `echo` plays to the call what it says;
    `talker` makes somebody for each stream who says something to what comes."""

    refuse: int = 0
    refuse_status: int = 503
    redirect_to: str = ""
    hang: bool = False
    accept_after_seconds: float = 0
    stop_reading_after: int | None = None
    read_again_after_seconds: float | None = None
    close_after: int | None = None
    close_code: int = 1000
    close_reason: str = ""
    reset: bool = False
    garbage: tuple[str | bytes, ...] = ()
    subprotocol: str = ""
    receive_buffer_bytes: int = 0
    echo: bool = False
    talker: Callable[[], Talks] | None = None


def echo_of(message: dict[str, Any], conversation: Conversation) -> dict[str, Any]:
    """What a media message carries, to be played to the call in the stream's own format."""
    form = conversation.start["start"]["mediaFormat"] if conversation.start else {"encoding": "", "sampleRate": 8000}
    media = {"contentType": form["encoding"], "sampleRate": form["sampleRate"], "payload": message["media"]["payload"]}
    return {"event": "playAudio", "media": media}


class SharedPort(asyncio.Protocol):
    """One port for both: the first bytes of a connection decide whether it is an upgrade or a status callback."""

    def __init__(self, customer: "Customer", connection: ServerConnection) -> None:
        self.customer = customer
        self.connection = connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if data[0] == TLS_HANDSHAKE:
            self.customer.tell("TLS was tried on a port without TLS: the URL should begin with ws://, not wss://")
            self.transport.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")  # as real servers do
            return self.transport.close()
        chosen: asyncio.Protocol = self.connection
        if b"upgrade: websocket" not in data.lower():
            chosen = asyncio.StreamReaderProtocol(asyncio.StreamReader(), self.customer.receiver.serve)
        self.transport.set_protocol(chosen)
        chosen.connection_made(self.transport)
        return chosen.data_received(data)


class Customer(Changing):
    """An async context manager; afterwards `conversations` and `receiver.callbacks` hold everything that came."""

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        receiver: CallbackReceiver | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        keep_media: bool = True,
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:
        super().__init__()
        self.behaviour = behaviour or Behaviour()
        self.receiver = receiver or CallbackReceiver(tell=tell)
        self.conversations: list[Conversation] = []
        self.attempts = 0
        self.host, self.port, self.tls = host, port, tls
        self.tell, self.keep_media = tell, keep_media
        self._stopping = asyncio.Event()

    @property
    def url(self) -> str:
        return f"{'wss' if self.tls else 'ws'}://{self.host}:{self.port}/stream"

    @property
    def status_url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}/status"

    async def __aenter__(self) -> Self:
        """Raises OSError when the port is in use."""
        self._listener = listener = Listener(self.host, self.port)
        self.port = listener.port
        if self.behaviour.receive_buffer_bytes:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.behaviour.receive_buffer_bytes)
        stops_reading = self.behaviour.stop_reading_after is not None
        self._server = await serve(
            self._converse,
            sock=listener,
            ssl=self.tls,
            process_request=self._answer,
            subprotocols=[Subprotocol(self.behaviour.subprotocol)] if self.behaviour.subprotocol else None,
            compression=None,
            logger=logger,
            open_timeout=None,
            close_timeout=1,
            ping_interval=None if stops_reading else 20,  # who does not read would miss the pong, and close for want of it
            create_connection=cast(type[ServerConnection], self._door),
        )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopping.set()
        await self._listener.end(self._server)
        await self.receiver.finish()

    async def conversation(self, number: int = 1, timeout_seconds: float = 30) -> Conversation:
        """The `number`th connection that was accepted, counted from 1."""
        await self.until(lambda: len(self.conversations) >= number, f"connection {number} to {self.url}", timeout_seconds)
        return self.conversations[number - 1]

    async def conversation_of(self, call_uuid: str, timeout_seconds: float = 30) -> Conversation:
        """The connection whose start message names the call."""

        def found() -> list[Conversation]:
            return [conversation for conversation in self.conversations if conversation.call_id == call_uuid]

        await self.until(found, f"the start of a stream of call {call_uuid}", timeout_seconds)
        return found()[0]

    def _door(self, *arguments: Any, **options: Any) -> SharedPort:
        return SharedPort(self, ServerConnection(*arguments, **options))

    async def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        self.attempts += 1
        self.changed()
        if self.behaviour.hang:
            self.tell("an upgrade is left without an answer")
            await self._stopping.wait()
        await self._pause(self.behaviour.accept_after_seconds)
        if self.attempts > self.behaviour.refuse:
            return None
        status = HTTPStatus(self.behaviour.refuse_status)
        self.tell(f"an upgrade is refused with {status} {status.phrase}")
        headers = Headers({"Location": self.behaviour.redirect_to} if self.behaviour.redirect_to else {})
        return Response(status, status.phrase, headers)

    async def _converse(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        headers = {name.lower(): value for name, value in connection.request.headers.raw_items()}
        conversation = Conversation(connection.request.path, headers, connection.subprotocol, keep_media=self.keep_media)
        conversation.send = connection.send
        self.conversations.append(conversation)
        self.changed()
        talker = self.behaviour.talker() if self.behaviour.talker is not None else None
        try:
            async for data in connection:
                message = conversation.take(data)
                self._tell_of(message)
                self.changed()
                with suppress(ConnectionClosed):  # what was said before that is read all the same
                    await self._respond(message, conversation, talker)
                    await self._behave(connection, conversation)
        except ConnectionClosed:
            pass
        await connection.wait_closed()
        conversation.closed(connection.close_code or 1006, connection.close_reason or "")
        count = conversation.media_count
        self.tell(f"stream {conversation.stream_id or '?'} closed with {conversation.close_code}, after {count} media messages")

    async def _respond(self, message: dict[str, Any], conversation: Conversation, talker: Talks | None) -> None:
        if self.behaviour.echo and message.get("event") == "media":
            await conversation.say(echo_of(message, conversation))
        if talker is not None and (says := talker.hears(message)) is not None:
            await conversation.say(says)

    async def _behave(self, connection: ServerConnection, conversation: Conversation) -> None:
        behaviour, count = self.behaviour, conversation.media_count
        if len(conversation.messages) == 1 and not count:
            for garbage in behaviour.garbage:
                await connection.send(garbage)
        if behaviour.stop_reading_after is not None and count == behaviour.stop_reading_after:
            self.tell("reading stops")
            await self._pause(behaviour.read_again_after_seconds)
        if behaviour.close_after is not None and count >= behaviour.close_after:
            await self._close(connection)

    async def _close(self, connection: ServerConnection) -> None:
        if not self.behaviour.reset:
            return await connection.close(self.behaviour.close_code, self.behaviour.close_reason)
        raw: socket.socket = connection.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return connection.transport.abort()

    async def _pause(self, seconds: float | None) -> None:
        """For good when `seconds` is None; a service that is stopped does not wait."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    def _tell_of(self, message: dict[str, Any]) -> None:
        match message:
            case {"event": "start", "start": {"streamId": stream, "callId": call, "mediaFormat": form}}:
                self.tell(f"stream {stream} of call {call} starts: {form['encoding']} {form['sampleRate']} Hz")
            case {"event": "media", "media": {"chunk": 1, "track": track}}:
                self.tell(f"first {track} audio")
            case {"event": "dtmf", "dtmf": {"digit": digit}}:
                self.tell(f"digit {digit}")
            case {"event": "stop"}:
                self.tell(f"stop: {message.get('reason', '')}")
            case {"event": "playFailed"}:
                self.tell(f"not played: {message.get('reason', '')}")
