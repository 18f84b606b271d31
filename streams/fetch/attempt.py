"""The clock of one request, and the words for how it failed.

Owns the kinds of failure and their sentences. Must not know sockets: it judges the exceptions they raise."""

import ssl
import time
from enum import StrEnum
from typing import NamedTuple

import httpcore2

from streams.guard import AddressRefused, Destination, Unresolvable
from streams.pure.foreign_text import cleaned

CONNECT_SECONDS = 5.0
"""An address that accepts no connection within this is given up for the next one, deadline or no deadline."""


class FailureKind(StrEnum):
    REFUSED_ADDRESS = "refused_address"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    RESET = "reset"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"


class FetchFailed(Exception):
    """No whole answer came. `problem` is a sentence; `address` is what was dialled, '' when nothing was."""

    def __init__(self, kind: FailureKind, problem: str, address: str, duration_ms: int) -> None:
        super().__init__(problem)
        self.kind, self.problem, self.address, self.duration_ms = kind, problem, address, duration_ms


class TooLarge(Exception):
    """More came before the answer's body than may."""


class FetchStep(NamedTuple):
    """How far an attempt came, in the words for a peer that is late there and for one that breaks off there."""

    late: str
    cut: str


CONNECTING = FetchStep("did not accept a connection", "cannot be reached")
SECURING = FetchStep("did not finish the TLS handshake", "broke off the TLS handshake")
ASKING = FetchStep("did not answer", "closed the connection without an answer")
READING = FetchStep("did not finish its answer", "closed the connection in the middle of its answer")

# In this order: an exception is what it matches first.
_KINDS: tuple[tuple[FailureKind, tuple[type[Exception], ...]], ...] = (
    (FailureKind.REFUSED_ADDRESS, (AddressRefused,)),
    (FailureKind.DNS, (Unresolvable,)),
    (FailureKind.TIMEOUT, (TimeoutError,)),
    (FailureKind.RESET, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError)),
    (FailureKind.TLS, (ssl.SSLError,)),
    (FailureKind.CONNECT, (OSError,)),
    (FailureKind.TOO_LARGE, (TooLarge,)),
    (FailureKind.MALFORMED, (Exception,)),
)


class Attempt:
    """One request under way: when it has to be over, where it goes, how far it came."""

    def __init__(self, deadline_seconds: float) -> None:
        self.deadline_seconds = deadline_seconds
        self.started = time.monotonic()
        self.place = Destination("", "", 0, "", (), False)
        self.address = ""
        self.step = CONNECTING
        self.closed_by_peer = False

    @property
    def duration_ms(self) -> int:
        return round((time.monotonic() - self.started) * 1000)

    def left(self) -> float:
        """Seconds to the deadline; raises TimeoutError when it has passed."""
        left = self.started + self.deadline_seconds - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def failure(self, error: Exception) -> FetchFailed:
        kind = self._kind(error)
        return FetchFailed(kind, self._sentence(kind, error), self.address, self.duration_ms)

    def _kind(self, error: Exception) -> FailureKind:
        if self.closed_by_peer and isinstance(error, httpcore2.RemoteProtocolError):  # the library's word for both: no HTTP, and cut short
            return FailureKind.RESET
        kind = next(kind for kind, types in _KINDS if isinstance(error, types))
        return FailureKind.CONNECT if kind is FailureKind.RESET and self.step is CONNECTING else kind

    def _sentence(self, kind: FailureKind, error: Exception) -> str:
        host = self.place.host
        match kind:
            case FailureKind.REFUSED_ADDRESS | FailureKind.DNS:
                return str(error)
            case FailureKind.TIMEOUT:
                seconds = min(CONNECT_SECONDS, self.deadline_seconds) if self.step is CONNECTING else self.deadline_seconds
                return f"{host} {self.step.late} within {seconds:g} s."
            case FailureKind.CONNECT:
                return f"{host} {self.step.cut} at {self.address} port {self.place.port}: {_words(error)}."
            case FailureKind.TLS:
                return f"The TLS connection to {host} failed: {_words(error)}."
            case FailureKind.RESET:
                return f"{host} {self.step.cut}."
            case FailureKind.TOO_LARGE:
                return f"{host} sent more headers than an answer may have."
            case FailureKind.MALFORMED:
                return f"{host} did not answer in HTTP ({_words(error)})."


def _words(error: Exception) -> str:
    """What the exception says, without Python's way of saying it."""
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused, so nothing listens there"
    verdict = getattr(error, "verify_message", "")  # of a certificate
    reason = getattr(error, "reason", "") if isinstance(error, ssl.SSLError) else getattr(error, "strerror", "")
    said = str(verdict or reason or error).partition(": bytearray(")[0]  # h11 says what it stumbled over, in Python
    words = cleaned(said.strip() or type(error).__name__, 120).replace("_", " ").rstrip(".")
    return words.lower() if words.isupper() else words  # OpenSSL says WRONG_VERSION_NUMBER
