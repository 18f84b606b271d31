"""What a session wants done: the only things it can cause. The relay carries them out.

Owns their shape. Must not know how they are carried out."""

from dataclasses import dataclass
from uuid import UUID

from streams.pure.call.notes import Note
from streams.pure.messages import GatewayCommand


@dataclass(frozen=True, slots=True)
class Write:
    """A fact for the journal."""

    note: Note


@dataclass(frozen=True, slots=True)
class Dial:
    """Connect to the stream's service URL after `after_seconds`."""

    stream_id: UUID
    url: str
    attempt: int
    after_seconds: float


@dataclass(frozen=True, slots=True)
class CloseCustomer:
    """Give up dialling, or close the customer's socket. `flush`: what is still waiting goes out first, within a limit."""

    stream_id: UUID
    flush: bool
    code: int = 1000
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TellGateway:
    command: GatewayCommand


@dataclass(frozen=True, slots=True)
class CloseGateway:
    """Close the gateway's socket; the call is over for us. Codes 4000-4999, because Daphne sends no others but 1000."""

    code: int
    reason: str


Effect = Write | Dial | CloseCustomer | TellGateway | CloseGateway
