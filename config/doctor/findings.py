"""What a doctor finds: what is not well, how bad it is, and what to do. Knows nothing of what is examined."""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from streams.pure.trouble import Trouble


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Finding(NamedTuple):
    """`what` and `remedy` are sentences."""

    severity: Severity
    what: str
    remedy: str


class Examination(NamedTuple):
    """`needs`: the names of those before it without which there is no use in it; `remedy` is what has to be done first then."""

    name: str
    examine: Callable[[], Iterable[Finding]]
    needs: tuple[str, ...] = ()
    remedy: str = ""


def error(what: str, remedy: str) -> Finding:
    return Finding(Severity.ERROR, what, remedy)


def warning(what: str, remedy: str) -> Finding:
    return Finding(Severity.WARNING, what, remedy)


def of_troubles(troubles: Iterable[Trouble]) -> Iterator[Finding]:
    """As /status says them."""
    for trouble in troubles:
        yield error(f"{trouble.what} {trouble.for_calls}", trouble.remedy)
