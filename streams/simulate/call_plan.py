"""What a simulated call should be (CallPlan), how it went (CallReport), and why it was not taken (CallRefused).

Owns the words for people. Must not know sockets."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from websockets.exceptions import InvalidStatus

from streams.simulate.asterisk import call_url
from streams.simulate.wav import rate_of


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
    """One call. `pace` 1 is real time, 2 twice as fast, 0 as fast as the socket takes it; `frames` are 20 ms each, in `codec`, and so are
    the `outbound` ones of the other party, if the gateway is to send both. So many `early_frames` go out before the gateway's first text.

    Asterisk: `as_json`, `variables`; `names_channel` False is a release before 22.8: no channel_id anywhere, and a ping hangs the call
    up. FreeSWITCH: without `metadata`, the URL says it all, and a `bare_url` leaves it all to the metadata; `frames_at_once` go into one
    message; `fork` is the bugname of one of several; `streams_back` is bidirectional streaming; the connection of an old
    mod_audio_stream is cut `drops` times, and it comes back.
    Twilio: `signing_token` signs the upgrade, and the password is not sent."""

    platform: str
    gateway: str
    password: str
    frames: Sequence[bytes] = ()
    early_frames: int = 0
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
    dialect: str = "asterisk"
    outbound: Sequence[bytes] = ()
    metadata: bool = True
    bare_url: bool = False
    frames_at_once: int = 1
    fork: str = ""
    streams_back: bool = False
    drops: int = 0
    signing_token: str = ""

    @property
    def identity(self) -> dict[str, str]:
        """Whose call it is, without what is not known."""
        names = {"call_uuid": self.call_uuid, "from": self.from_number, "to": self.to_number, "direction": self.direction}
        return {name: value for name, value in names.items() if value}

    @property
    def mix(self) -> str:
        return "stereo" if self.outbound else "mono"

    @property
    def url(self) -> str:
        """Raises UnusableUrl."""
        path = [self.gateway]
        if self.dialect == "twilio":
            # Twilio sends neither a query nor Basic auth.
            return call_url(self.platform, self.dialect, path if self.signing_token else [*path, self.password], ())
        told = self.bare_url or (self.dialect == "audio_fork" and self.metadata)
        query = {**({} if told else self.identity), "fork": self.fork}
        if self.dialect != "asterisk" and not self.bare_url:
            query |= {"rate": str(rate_of(self.codec)), "mix": self.mix, "bidirectional": "stream" if self.streams_back else ""}
        return call_url(self.platform, self.dialect, path, query.items())


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
        return f"The platform's answer to the upgrade is none that a gateway takes: {error}."
    status = error.response.status_code
    if status in (401, 403):
        hint = "Check the gateway's name and password; the platform's log has the reason."
        return f"The platform refused gateway {gateway!r} (HTTP {status}). {hint}"
    if status == 404:
        return "The platform knows no such path (HTTP 404). The URL should be only its address, such as ws://127.0.0.1:8000."
    return f"The platform answered HTTP {status} instead of taking the call."
