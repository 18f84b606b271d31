"""Mail by SMTP with one deadline for the whole of it, however slowly a server speaks; and who of several was refused.

Owns that deadline. Django's own backend has a limit for each read only: a server that says a word every nine seconds holds it for hours."""

import smtplib
import socket
from collections.abc import Callable
from functools import partial
from threading import Timer
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend


class _Watched(smtplib.SMTP):
    """`began` is told of the connection as soon as it has a socket: before the server has said anything."""

    def __init__(self, *arguments: Any, began: Callable[[smtplib.SMTP], None], **options: Any) -> None:
        self._began = began
        self.refused: dict[str, Any] = {}
        super().__init__(*arguments, **options)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = super()._get_socket(host, port, timeout)  # type: ignore[misc]  # smtplib's own hook, which typeshed does not list
        self.sock = sock
        self._began(self)
        return sock  # type: ignore[no-any-return]

    def sendmail(self, *arguments: Any, **options: Any) -> Any:
        self.refused = super().sendmail(*arguments, **options)
        return self.refused


class _WatchedTls(_Watched, smtplib.SMTP_SSL):
    pass


class DeadlineBackend(EmailBackend):
    """`late`: the deadline ended it. `refused`: who was refused, and with which answer, where others were not."""

    def __init__(self, *arguments: Any, deadline_seconds: float = 20.0, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.late = False
        self.refused: dict[str, Any] = {}
        self._deadline_seconds = deadline_seconds
        self._connected: smtplib.SMTP | None = None

    @property
    def connection_class(self) -> Any:
        return partial(_WatchedTls if self.use_ssl else _Watched, began=self._begin)

    def send_messages(self, email_messages: Any) -> int:
        timer = Timer(self._deadline_seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            return int(super().send_messages(email_messages) or 0)
        finally:
            timer.cancel()
            timer.join()

    def _send(self, email_message: EmailMessage) -> bool:
        sent = bool(super()._send(email_message))  # type: ignore[misc]  # Django's own, not in its stubs
        self.refused |= getattr(self.connection, "refused", {})
        return sent

    def _begin(self, connection: smtplib.SMTP) -> None:
        self._connected = connection

    def _end(self) -> None:
        """Whoever waits for the server is told that it has gone."""
        self.late = True
        sock = self._connected.sock if self._connected is not None else None
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has gone by itself
