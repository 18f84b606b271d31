"""The console's list of customers' hosts: what fails where, worst first, each figure with the list of the rows it counts.

Owns what stands in a line. The counting is recent_hosts'. Must not know requests or templates."""

from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlencode

from django.db.models import Q

from cdr import prefix_lookup  # noqa: F401 - the look-up `begins`
from cdr.pages import recent_hosts
from cdr.pages.last_errors import LastError, callback_errors, stream_errors
from cdr.pages.recent_hosts import HostCount, HostKey, HostTally, Since, Tries
from cdr.pure.badges import Badge, lane_badge
from cdr.pure.bars import Bar, bars
from cdr.pure.figures import NOTHING, clock, counted, share, spoken_ms
from cdr.pure.latency import percentile
from streams.host_blocks import load_blocks
from streams.models import Account, Callback, Stream
from streams.pure.foreign_text import cleaned

STREAMS, CALLBACKS = "admin:cdr_streamdetail_changelist", "admin:streams_callback_changelist"
IN_WORDS = {"5min": "the last 5 minutes", "hour": "the last hour", "day": "the last 24 hours"}
BAD_FROM = 0.1
"""From this share on of an hour's streams or callbacks a host is said to fail."""


class HostFigure(NamedTuple):
    """`title`: the same in a sentence. `path`, `query`: the list of the rows that it counts."""

    words: str
    title: str
    path: str
    query: str
    bad: bool = False


@dataclass(frozen=True, slots=True)
class HostLine:
    """`name`: without a port, as its page is named. `now`: live streams, or callbacks that wait. `numbers`: of the last error's call."""

    host: str
    name: str
    blocked: bool
    account: str
    account_key: int
    auth_id: str
    now: HostFigure
    failed: tuple[HostFigure, ...]
    p95: str
    circuit: Badge | None
    error: LastError | None
    bars: list[Bar]
    summary: str
    bad: bool
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HostTable:
    """`more`: there are others, which fail less. `since`: from when on was counted, "" for a whole day."""

    rows: list[HostLine]
    more: bool
    since: str


class WorstHost(NamedTuple):
    """A service of which something failed, for the first page."""

    host: str
    name: str
    blocked: bool
    account: str
    auth_id: str
    failed: tuple[HostFigure, ...]


class HostsSought(NamedTuple):
    """Which hosts are listed: of one account, and those that begin so or are of `named` accounts."""

    account: Account | None = None
    host: str = ""
    named: tuple[int, ...] = ()

    def narrowed(self, column: str) -> Q:
        """As a condition on rows whose column has the host."""
        of_account = Q(account=self.account) if self.account else Q()
        if not self.host:
            return of_account
        begun = Q(**{f"{column}__begins": self.host})
        return of_account & (begun | Q(account__in=self.named) if self.named else begun)


class Known:
    """What the hosts of a page are counted of and shown with, each asked for once: how far back is counted, the accounts that a line
    names, and which hosts are blocked."""

    def __init__(self, sought: HostsSought, now: datetime, kinds: Collection[str]) -> None:
        self.now = now
        self.streams = Stream.objects.filter(sought.narrowed("service_host"))
        self.callbacks = Callback.objects.filter(sought.narrowed("host"))
        beyond = {
            "services": recent_hosts.beyond_counted(self.streams, "requested_at", now),
            "callbacks": recent_hosts.beyond_counted(self.callbacks, "created_at", now),
        }
        self.since = recent_hosts.counted_since_each({kind: beyond[kind] for kind in kinds}, now)
        self._accounts: dict[int, Account] = {}

    def accounts(self, keys: Iterable[HostKey]) -> dict[int, Account]:
        """Those that are not known yet in one query."""
        if wanted := {account for account, _ in keys} - self._accounts.keys():
            self._accounts |= _accounts(wanted)
        return self._accounts

    @cached_property
    def blocked(self) -> AbstractSet[tuple[int | None, str]]:
        return load_blocks().keys()


def service_lines(known: Known, most: int) -> HostTable:
    """Seven queries: what is counted; live streams, also older ones; connections, of the last hour and by their rank; failures by the
    hour; the last errors' rows; and `known`'s two."""
    since, now = known.since["services"], known.now
    found = recent_hosts.count_services(known.streams, since, now, most + 1)
    keys = [count.key for count in found[:most]]
    live, accounts = recent_hosts.live_streams(keys), known.accounts(keys)
    slowest = recent_hosts.connect_p95_ms(keys, now - recent_hosts.WINDOWS["hour"])
    hours = recent_hosts.failed_streams_by_hour(keys, since.at, now)
    errors, blocked = stream_errors(count.last_failed for count in found[:most]), known.blocked
    rows = []
    for count in found[:most]:
        account = accounts[count.key[0]]
        query = {"account": account.auth_id, "host": count.key[1]}
        at_once = live.get(count.key, 0)
        figure = HostFigure(f"{at_once:,}", f"{counted(at_once, 'stream')} now", STREAMS, urlencode({**query, "state": "live"}))
        p95 = spoken_ms(slowest[count.key]) if count.key in slowest else NOTHING
        rows.append(
            _line(count, account, figure, service_figures(count.tallies, query), p95, None, errors, hours.get(count.key), now, blocked)
        )
    return HostTable(rows, len(found) > most, _since(since))


def endpoint_lines(known: Known, most: int) -> HostTable:
    """Six queries: what is counted; the latest tries, by the primary key of another table; failures by the hour; the last errors' rows;
    and `known`'s two, where services did not ask already."""
    since, now = known.since["callbacks"], known.now
    found = recent_hosts.count_endpoints(known.callbacks, since, now, most + 1)
    keys = [count.key for count in found[:most]]
    accounts, tries = known.accounts(keys), recent_hosts.latest_tries(since.at)
    hours = recent_hosts.failed_callbacks_by_hour(keys, since.at, now)
    errors, blocked = callback_errors(count.last_failed for count in found[:most]), known.blocked
    rows = []
    for count in found[:most]:
        account = accounts[count.key[0]]
        query = {"account": account.auth_id, "host": count.key[1]}
        figure = waiting_figure(count.waiting, query)
        made = tries.get(count.key)
        p95, circuit = answer_p95(made), lane_badge(made.lane if made else "")
        rows.append(
            _line(count, account, figure, endpoint_figures(count.tallies, query), p95, circuit, errors, hours.get(count.key), now, blocked)
        )
    return HostTable(rows, len(found) > most, _since(since))


def worst_services(now: datetime, most: int) -> list[WorstHost]:
    """Those of which something failed within a day, in four queries."""
    since = recent_hosts.counted_since(Stream.objects.all(), "requested_at", now)
    found = [count for count in recent_hosts.count_services(Stream.objects.all(), since, now, most) if count.last_failed]
    accounts = _accounts({count.key[0] for count in found})
    blocked = load_blocks().keys() if found else set()
    return [_worst_host(accounts[count.key[0]], count, bool({count.key, (None, count.key[1])} & blocked)) for count in found]


def _worst_host(account: Account, count: HostCount, blocked: bool) -> WorstHost:
    figures = service_figures(count.tallies, {"account": account.auth_id, "host": count.key[1]})
    return WorstHost(cleaned(count.key[1], 80), count.key[1], blocked, account.name, account.auth_id, figures)


def _accounts(keys: Collection[int]) -> dict[int, Account]:
    return Account.objects.only("name", "auth_id").in_bulk(keys)


def _since(since: Since) -> str:
    return f"{clock(since.at)} UTC" if since.cut else ""


def _line(  # noqa: PLR0917 - what a line is made of
    count: HostCount,
    account: Account,
    at_once: HostFigure,
    failed: tuple[HostFigure, ...],
    p95: str,
    circuit: Badge | None,
    errors: Mapping[int, LastError],
    hours: list[int] | None,
    now: datetime,
    blocked: AbstractSet[tuple[int | None, str]],
) -> HostLine:
    error = errors.get(count.last_failed) if count.last_failed else None
    host = count.key[1]
    name = host.rpartition(":")[0] or host if at_once.path == CALLBACKS else host
    drawn, summary = failures_drawn(hours or [0] * recent_hosts.HOURS, now)
    return HostLine(
        host=cleaned(host, 80),
        name=name,
        blocked=bool({(account.pk, name), (None, name)} & blocked),
        account=account.name,
        account_key=account.pk,
        auth_id=account.auth_id,
        now=at_once,
        failed=failed,
        p95=p95,
        circuit=circuit,
        error=error,
        bars=drawn,
        summary=summary,
        bad=any(figure.bad for figure in failed[:2]),
        numbers=error.numbers if error else (),
    )


# Figures, each with the list behind it -------------------------------------------------------------------------------------
def service_figures(tallies: Iterable[HostTally], query: dict[str, str]) -> tuple[HostFigure, ...]:
    """The share that failed in each window."""
    return _shares(tallies, "stream", STREAMS, query, {"reason": "Connection error"})


def endpoint_figures(tallies: Iterable[HostTally], query: dict[str, str]) -> tuple[HostFigure, ...]:
    return _shares(tallies, "callback", CALLBACKS, query, {"tries": "failed"})


def waiting_figure(waiting: int, query: dict[str, str]) -> HostFigure:
    title = f"{counted(waiting, 'callback')} of the last 24 hours {'waits' if waiting == 1 else 'wait'}"
    return HostFigure(f"{waiting:,}", title, CALLBACKS, urlencode({**query, "state": "pending", "when": "day"}))


def _shares(tallies: Iterable[HostTally], noun: str, path: str, query: dict[str, str], failed: dict[str, str]) -> tuple[HostFigure, ...]:
    figures = []
    for word, tally in zip(recent_hosts.WINDOWS, tallies, strict=True):
        narrowed = {**query, **(failed if tally.failed else {}), "when": word}
        title = f"failed: {tally.failed:,} of {counted(tally.all, noun)} of {IN_WORDS[word]}"
        bad = bool(tally.failed) and tally.failed >= BAD_FROM * tally.all
        figures.append(HostFigure(share(tally.failed, tally.all), title, path, urlencode(narrowed), bad))
    return tuple(figures)


def answer_p95(tries: Tries | None) -> str:
    return spoken_ms(percentile(tries.durations_ms, 95)) if tries and tries.durations_ms else NOTHING


def failures_drawn(hours: list[int], now: datetime) -> tuple[list[Bar], str]:
    first = recent_hosts.first_hour(now)
    labels = [f"{first + timedelta(hours=number):%H:%M}: {count} failed" for number, count in enumerate(hours)]
    return bars(hours, labels), f"{sum(hours):,} failed in 24 hours, at most {max(hours):,} an hour, {hours[-1]:,} in the running one"
