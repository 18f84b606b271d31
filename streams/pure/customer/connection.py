"""What became of a connection to a customer's service: why an attempt failed, and how an open one went.

Owns the words. Must not know sockets, or what a stream makes of it."""

from dataclasses import dataclass

from streams.pure.customer.close_codes import closed_with

REFUSED = {
    1002: "what it sent is not the WebSocket protocol",
    1003: "what it sent cannot be read",
    1007: "a text of it is not UTF-8",
    1009: "a message of it is too large",
}
"""The codes we close with for what a service sent -> why."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt to connect failed. `final`: trying again cannot help. `blocked`: because somebody has blocked
    the host."""

    problem: str
    duration_ms: int
    address: str = ""
    status: int | None = None
    final: bool = False
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Closure:
    """How the customer's socket went. `by_customer`: with a close frame; `by_us`: we closed it for what the customer sent, with `code`;
    otherwise it was lost."""

    by_customer: bool
    code: int | None
    reason: str
    by_us: bool = False

    @property
    def words(self) -> str:
        if self.by_us:
            why = REFUSED.get(self.code or 0, "of what it sent")
            return f"We closed the connection to the customer's service, because {why}{closed_with(self.code, self.reason)}."
        if not self.by_customer:
            said = f": {self.reason}" if self.reason else ""
            return f"The connection to the customer's service was lost without a close frame ({self.code or 1006}){said}."
        return f"The customer's service closed the connection{closed_with(self.code, self.reason)}."
