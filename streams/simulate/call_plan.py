"""What a simulated call should be (CallPlan), how it went (CallReport), and why it was not taken (CallRefused).

Owns the words for people. Must not know sockets."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from websockets.exceptions import InvalidStatus

from streams.simulate.asterisk import call_url


class CallRefused(Exception):
    """The platform did not take the call; the message is a sentence that says why."""


class End(StrEnum):
    """Who ended a call."""

    HUNG_UP = "hung up"
    VANISHED = "vanished"
    BY_PLATFORM = "ended by the platform"
    LOST = "lost: the platform's socket went without a close"


@dataclass(frozen=True, kw_only=True)
class CallPlan:
    """One call. `pace` 1 is real time, 2 twice as fast, 0 as fast as the socket takes it; `frames` are 20 ms each, in `codec`.

    `names_channel` False is a release before 22.8: no channel_id anywhere, and a ping hangs the call up."""

    platform: str
    gateway: str
    password: str
    frames: Sequence[bytes] = ()
    codec: str = "ulaw"
    as_json: bool = False
    call_uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    from_number: str = "18005550199"
    to_number: str = "18005550100"
    direction: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    pace: float = 1.0
    dtmf: str = ""
    vanish: bool = False
    names_channel: bool = True

    @property
    def url(self) -> str:
        """Raises UnusableUrl."""
        identity = [("call_uuid", self.call_uuid), ("from", self.from_number), ("to", self.to_number), ("direction", self.direction)]
        return call_url(self.platform, self.gateway, identity)


@dataclass(frozen=True)
class CallReport:
    """How a call went. `close_code` is the platform's; `worst_delay_ms` how late our own frames were at worst; `complaints` are
    what Asterisk would not have liked."""

    call_uuid: str
    end: End
    frames_sent: int
    frames_played: int
    close_code: int | None
    worst_delay_ms: float
    complaints: tuple[str, ...]

    def __str__(self) -> str:
        code = "" if self.close_code is None else f" with code {self.close_code}"
        complaints = "".join(f"; {words}" for words in self.complaints)
        audio = f"sent {self.frames_sent / 50:.1f} s of audio, played {self.frames_played / 50:.1f} s"
        return f"{self.call_uuid} {self.end}{code}; {audio}{complaints}"


def refusal(error: Exception, gateway: str) -> str:
    """The sentence for a failed upgrade."""
    if not isinstance(error, InvalidStatus):
        return f"The platform's answer to the upgrade is none that Asterisk takes: {error}."
    status = error.response.status_code
    if status in (401, 403):
        return f"The platform refused gateway {gateway!r} (HTTP {status}). Check the gateway's name and password."
    if status == 404:
        return "The platform knows no such path (HTTP 404). The URL should be only its address, such as ws://127.0.0.1:8000."
    return f"The platform answered HTTP {status} instead of taking the call."
