"""A mail server to send to: one that takes mails, or one that misbehaves as a script says."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller

from config.mail_settings import BY_SMTP, Mail


class Receiver:
    """A handler of aiosmtpd. `refused`: addresses that it does not take, and with which answer."""

    def __init__(self, **refused: str) -> None:
        self.mails: list[EmailMessage] = []
        self.to: list[list[str]] = []
        self.refused = refused
        self._came = threading.Condition()

    def until_mail(self, words: str, timeout_seconds: float) -> EmailMessage:
        """The first one with these words in its subject."""

        def found() -> EmailMessage | None:
            return next((mail for mail in self.mails if words in mail["Subject"]), None)

        with self._came:
            self._came.wait_for(found, timeout_seconds)
        assert (mail := found()), f"no mail says {words!r}: {[mail['Subject'] for mail in self.mails]}"
        return mail

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if answer := self.refused.get(address.partition("@")[0]):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        with self._came:
            self.mails.append(message_from_bytes(envelope.content, policy=default))
            self.to.append(envelope.rcpt_tos)
            self._came.notify_all()
        return "250 OK"


@contextmanager
def receiving(receiver: Receiver, port: int) -> Iterator[Mail]:
    controller = Controller(receiver, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield server_at(port)
    finally:
        controller.stop()


def server_at(port: int, **options: Any) -> Mail:
    """As settings.MAIL."""
    of_smtp = {"host": "127.0.0.1", "port": port, "username": "", "password": "", "use_tls": False, "use_ssl": False, "timeout": 10}
    return Mail(BY_SMTP, {**of_smtp, "deadline_seconds": 20.0, **options}, "Streamdesk <alerts@example.com>", f"127.0.0.1:{port}")


@contextmanager
def misbehaving(play: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does with its first connection what `play` says; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        thread = threading.Thread(target=_serve, args=(listener, play))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join()


def _serve(listener: socket.socket, play: Callable[[socket.socket], None]) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(30)
        try:
            play(connection)
        except OSError:
            pass  # the other side has gone


def drip(connection: socket.socket) -> None:
    """A greeting that never ends, a byte at a time: no read of it takes long."""
    while True:
        connection.sendall(b"2")
        time.sleep(0.05)


def silent(connection: socket.socket) -> None:
    while connection.recv(1000):
        pass


def rude(connection: socket.socket) -> None:
    connection.sendall(b"554 go away\r\n")
    silent(connection)
