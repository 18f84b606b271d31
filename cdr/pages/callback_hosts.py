"""How the customers' hosts take their status callbacks: the latest tries, by host.

Owns how many tries are looked at. Must not know requests or templates."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from cdr.pure.figures import share, spoken_ms
from cdr.pure.latency import percentile
from streams.models import CallbackAttempt
from streams.pure.foreign_text import cleaned

LATEST_TRIES = 5000
SHOWN_HOSTS = 10
BAD_BELOW = 0.9


@dataclass(frozen=True, slots=True)
class HostRow:
    """`delivered`: the share of its tries that were taken; `bad`: below 90 %. `p95`: within this time 95 % of the tries were answered."""

    host: str
    tries: int
    delivered: str
    p95: str
    bad: bool
    query: str


def host_rows(since: datetime) -> list[HostRow]:
    """The hosts with most of the latest tries; one query by the primary key, newest first."""
    tries = CallbackAttempt.objects.order_by("-pk").values_list("callback__host", "started_at", "duration_ms", "error")[:LATEST_TRIES]
    by_host: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for host, started_at, duration_ms, error in tries:
        if started_at >= since:
            by_host[host].append((duration_ms, not error))
    busiest = sorted(by_host, key=lambda host: (-len(by_host[host]), host))[:SHOWN_HOSTS]
    return [_row(host, by_host[host]) for host in busiest]


def _row(host: str, tries: list[tuple[int, bool]]) -> HostRow:
    taken = sum(delivered for _, delivered in tries)
    p95 = percentile([duration_ms for duration_ms, _ in tries], 95)
    bad = taken < BAD_BELOW * len(tries)
    return HostRow(cleaned(host, 80), len(tries), share(taken, len(tries)), spoken_ms(p95), bad, f"host={quote(host)}&when=day")
