"""The words spoken between a gateway's dialect, the session and the customer's protocol. Frozen, and the same for every dialect.

Must not know how any of them looks on a wire."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Encoding(StrEnum):
    MULAW = "mulaw"
    ALAW = "alaw"
    L16 = "l16"


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """One channel of `encoding` at `rate` samples a second; L16 is signed 16-bit little-endian."""

    encoding: Encoding
    rate: int

    @property
    def bytes_per_ms(self) -> float:
        return self.rate / 1000 * (2 if self.encoding is Encoding.L16 else 1)

    def duration_ms(self, size: int) -> float:
        """Milliseconds of audio in `size` bytes."""
        return size / self.bytes_per_ms

    def __str__(self) -> str:
        return f"{self.encoding} {self.rate} Hz"


# Words from a gateway ------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Started:
    """The gateway's media began. `facts` are for the debug log; `variables` may carry call_uuid, from, to, direction. `listens_only`: why
    nothing can be played to the call, in a sentence; "" where it can. `back`: the format of Play where it is another one.
    `plays_files`: each Play becomes a file that the gateway plays, which costs it time of its own."""

    format: AudioFormat
    frame_ms: int
    gateway_call_id: str
    facts: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    listens_only: str = ""
    back: AudioFormat | None = None
    plays_files: bool = False

    @property
    def played(self) -> AudioFormat:
        """The format in which audio for the call party goes to the gateway."""
        return self.back or self.format


@dataclass(frozen=True, slots=True)
class LateMetadata:
    """What Started would have said, said after it: `variables` may carry call_uuid, from, to, direction. `audio`: what changed of how the
    audio is read, in a sentence; "" where nothing did."""

    gateway_call_id: str
    variables: dict[str, str] = field(default_factory=dict)
    audio: str = ""


@dataclass(frozen=True, slots=True)
class FrameFaults:
    """What the numbers of a gateway's frames told so far, by how many frames: never came, came twice, came when their place was over,
    came late and were put in order."""

    lost: int = 0
    doubled: int = 0
    late: int = 0
    reordered: int = 0

    def more(self, lost: int = 0, doubled: int = 0, late: int = 0, reordered: int = 0) -> "FrameFaults":
        return FrameFaults(self.lost + lost, self.doubled + doubled, self.late + late, self.reordered + reordered)

    def plus(self, other: "FrameFaults") -> "FrameFaults":
        return self.more(other.lost, other.doubled, other.late, other.reordered)


@dataclass(frozen=True, slots=True)
class Audio:
    """Audio from the call party, in the format of Started."""

    payload: bytes
    track: str = "inbound"


@dataclass(frozen=True, slots=True)
class Dtmf:
    digit: str
    track: str = "inbound"


@dataclass(frozen=True, slots=True)
class Paused:
    """The gateway's playback queue is full: stop sending until Resumed."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The gateway takes playback again."""


@dataclass(frozen=True, slots=True)
class MarkPlayed:
    """Everything sent before the mark `name` has been played."""

    name: str


@dataclass(frozen=True, slots=True)
class GatewayReport:
    """An answer or a complaint of the gateway that changes nothing: `error` says which of the two."""

    text: str
    error: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What the gateway sent is not its dialect: `problem` is one sentence that says what is wrong and what would be right."""

    problem: str
    sample: str = ""


@dataclass(frozen=True, slots=True)
class Unsupported:
    """The gateway brings media we do not speak: `problem` says what to configure instead. The call cannot go on."""

    problem: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The gateway's socket closed. `lost` when it went without a proper close. `ours`: we closed it, with `code`, for what it sent."""

    lost: bool
    code: int | None
    words: str
    ours: bool = False

    @property
    def facts(self) -> dict[str, int | None]:
        """The code for the debug log, by whose it is."""
        return {"our_close_code" if self.ours else "close_code": self.code}


GatewayMessage = (
    Started | LateMetadata | FrameFaults | Audio | Dtmf | Paused | Resumed | MarkPlayed | GatewayReport | Unreadable | Unsupported | Ended
)


# Words to a gateway --------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Play:
    """Audio for the call party, in the format that Started says is played."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    name: str


@dataclass(frozen=True, slots=True)
class Clear:
    """Silence at once: everything queued is dropped."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call on the gateway's side."""


GatewayCommand = Play | Mark | Clear | HangUp


# What a customer's application asks for --------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class StreamRequest:
    """One <Stream> element or one API request, checked: every value is within its documented range (spec section 1)."""

    service_url: str
    bidirectional: bool = False
    audio_track: str = "inbound"
    stream_timeout_seconds: int = 86_400
    status_callback_url: str = ""
    status_callback_method: str = "POST"
    content_type: str = "audio/x-l16;rate=8000"
    extra_headers: str = ""
    keep_call_alive: bool = False
    noise_cancellation: bool = False
    noise_cancellation_level: int = 85

    @property
    def tracks(self) -> tuple[str, ...]:
        """The tracks of the call that the stream forks."""
        return ("inbound", "outbound") if self.audio_track == "both" else (self.audio_track,)
