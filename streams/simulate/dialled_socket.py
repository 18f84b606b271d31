"""A simulated gateway's socket: the upgrade, messages out and in, and the end of TCP, on the sans-IO protocol of its library.

Owns the bytes. Must not know a dialect, the pace of a call, Django or the platform's own code."""

import asyncio
import socket
import ssl
import struct
from contextlib import suppress

from websockets.client import ClientProtocol
from websockets.frames import CloseCode, Frame
from websockets.protocol import State

from streams.simulate.call_plan import CallRefused, End, refusal
from streams.simulate.ending import cancelled, closed
from streams.simulate.waiting import Changing


class DialledSocket(Changing):
    """`end` is set once it is known who ended it; `gateway` is who dials, for the sentences; `complaints` are what it would not have
    liked."""

    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter
    _reading: asyncio.Task[None]

    def __init__(self, protocol: ClientProtocol, gateway: str) -> None:
        super().__init__()
        self.protocol = protocol
        self.gateway = gateway
        self.complaints: list[str] = []
        self.end: End | None = None

    def take_frame(self, frame: Frame) -> None:
        """One frame of the platform's, control frames as well."""
        raise NotImplementedError

    async def connect(self) -> None:
        """The upgrade. Raises CallRefused; like most gateways it waits for the answer without limit."""
        uri = self.protocol.uri
        context = ssl.create_default_context() if uri.secure else None
        try:
            self._reader, self._writer = await asyncio.open_connection(uri.host, uri.port, ssl=context)
        except ssl.SSLCertVerificationError as error:
            words = f"The certificate of {uri.host}:{uri.port} is not trusted: {error.verify_message}."
            raise CallRefused(f"{words} Of an authority of your own, name its file in SSL_CERT_FILE.") from error
        except ssl.SSLError as error:
            raise CallRefused(f"What answers at {uri.host}:{uri.port} speaks no TLS: use ws:// there. ({error.reason})") from error
        except OSError as error:
            raise CallRefused(
                f"Nothing answers at {uri.host}:{uri.port}. Is the platform running there? ({error.strerror or error})"
            ) from error
        self.protocol.send_request(self.protocol.connect())
        self._flush()
        try:
            while self.protocol.state is State.CONNECTING and self.protocol.handshake_exc is None:
                await self._receive()
        except OSError as error:
            await closed(self._writer)
            raise CallRefused(f"The connection was lost before the platform answered. ({error.strerror or error})") from error
        if self.protocol.handshake_exc is not None:
            await closed(self._writer)
            raise CallRefused(refusal(self.protocol.handshake_exc, self.gateway))
        self._reading = asyncio.create_task(self._read())

    async def send_text(self, text: str) -> None:
        """Nothing is sent when the socket is closing."""
        if self.protocol.state is State.OPEN:
            self.protocol.send_text(text.encode())
            await self._drain()

    async def send_binary(self, data: bytes) -> None:
        if self.protocol.state is State.OPEN:
            self.protocol.send_binary(data)
            await self._drain()

    async def abandon(self) -> None:
        """Nobody waits for it any more, whether it was connected or not: nothing of it stays open or running."""
        await cancelled(getattr(self, "_reading", None))
        if (writer := getattr(self, "_writer", None)) is not None:
            writer.transport.abort()
            await closed(writer)

    async def reset(self) -> None:
        """TCP is reset; whether that is the end of the call is for others to say."""
        connection: socket.socket = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await cancelled(self._reading)
        self._writer.transport.abort()
        await closed(self._writer)

    async def _read(self) -> None:
        """The gateway is always read, to the end of its socket."""
        with suppress(OSError):
            while self.protocol.state is not State.CLOSED:
                await self._receive()
                if self.protocol.close_rcvd is not None:
                    self._finish(End.BY_PLATFORM)
                    self._writer.close()
                elif self.protocol.close_sent is not None and self.end is None:
                    self.give_up(f"{self.protocol.parser_exc}: closed with {self.protocol.close_sent.code}.")
        self._finish(End.LOST)
        self._writer.close()

    async def _receive(self) -> None:
        if data := await self._reader.read(65_536):
            self.protocol.receive_data(data)
        else:
            self.protocol.receive_eof()
        for event in self.protocol.events_received():
            if isinstance(event, Frame):
                self.take_frame(event)
        self._flush()
        self.changed()

    def give_up(self, words: str) -> None:
        """The gateway hangs up for what the platform did."""
        self.complaints.append(words)
        self._close()
        self._finish(End.HUNG_UP)

    def _close(self) -> None:
        if self.protocol.state is State.OPEN:
            self.protocol.send_close(CloseCode.NORMAL_CLOSURE)

    async def _drain(self) -> None:
        self._flush()
        try:
            await self._writer.drain()
        except OSError:
            self._finish(End.LOST)

    def _flush(self) -> None:
        for data in self.protocol.data_to_send():
            if data and not self._writer.is_closing():
                self._writer.write(data)

    def _finish(self, end: End) -> None:
        self.end = self.end or end
        self.changed()
