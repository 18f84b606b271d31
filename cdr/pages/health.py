"""What the console says of the platform's own health: each part of it, whether it is well, what is known of it now, and what to do.

Owns which parts there are, and their figures. What is not well is judged elsewhere, and comes as troubles. Must not know requests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, Max, Min, Q

from cdr.alert_rows import Alert, AlertRule
from cdr.list_act_rows import ListAct
from cdr.models import Export, UrlTest
from cdr.pure.badges import Badge
from cdr.pure.figures import NOTHING, counted, moment, spoken_duration
from streams import delivery
from streams.calls import presence
from streams.models import Call, Callback, CallbackState, Heartbeat, WebProcess
from streams.pure.foreign_text import cleaned
from streams.pure.lifecycle import CallState
from streams.pure.trouble import Trouble

WELL, NOT_WELL, UNKNOWN = Badge("✓", "well", "good"), Badge("✕", "not well", "bad"), Badge("?", "not known", "quiet")
NEEDS = {"Workers": "redis", "Beat": "redis"}
"""Of what nobody can say how it is while that does not work: it is not to blame, and not proved well."""
SHOWN_PROCESSES = 100
SHOWN_CHARACTERS = 8
COUNTED_TO = 10_000
PARTS = (
    ("Database", ("database",), "Calls, bills, callbacks and these pages are rows in it."),
    ("Redis", ("redis",), "Carries messages to workers, and between processes."),
    ("Workers", ("worker",), "Send callbacks, end calls whose process died, write exports, look at alert rules."),
    ("Beat", ("beat",), "Wakes the workers for what is due. There is one."),
    ("Status callbacks", ("callbacks",), "What customers hear of their streams."),
    ("Calls without a process", ("calls",), "Calls of a process that died, which a worker ends."),
    (
        "Exports, tests, acts on lists, closings",
        ("exports", "url_tests", "trial_calls", "list_acts", "closings"),
        "What people have asked for.",
    ),
    ("Loops and leases", ("loops", "leases"), "What each media process does beside its calls."),
    ("Notes and disk", ("notes", "spool"), "What calls note, on its way to the database."),
    ("The doors", ("storm",), "Whether more comes to a process than it takes."),
    ("Alerts", ("alerts",), "Rules that are looked at, and places where they are told."),
)
"""Name, which troubles are about it, and what it is for."""


class HealthPart(NamedTuple):
    """`now`: what is known of it, in words. `troubles`: what is not well with it."""

    name: str
    purpose: str
    badge: Badge
    now: str
    troubles: list[Trouble]


class ProcessLine(NamedTuple):
    """A process that takes calls, or has some. `late`: it has calls whose lease has run out, or says no more that it is there."""

    owner: str
    machine: str
    version: str
    since: str
    calls: int
    lease: str
    late: bool


@dataclass(frozen=True, slots=True)
class HealthPage:
    """`sentence`: all of it in one. `others`: troubles that are about none of the parts. `mixed`: that not all run the same version."""

    sentence: str
    well: bool
    asked_at: str
    parts: list[HealthPart]
    processes: list[ProcessLine]
    others: list[Trouble]
    mixed: str


def health_page(now: datetime, troubles: Sequence[Trouble], *, see_owners: bool) -> HealthPage:
    """In twelve queries. `see_owners`: the reader may know which processes have calls."""
    known = _figures(now)
    parts = []
    for name, about, purpose in PARTS:
        found = [trouble for trouble in troubles if trouble.about in about]
        unknown = any(trouble.about == NEEDS.get(name) for trouble in troubles)
        badge = NOT_WELL if found else UNKNOWN if unknown else WELL
        parts.append(HealthPart(name, purpose, badge, known.get(name, ""), found))
    told = {word for _, about, _ in PARTS for word in about}
    others = [trouble for trouble in troubles if trouble.about not in told]
    bad = sum(part.badge is NOT_WELL for part in parts) + len(others)
    sentence = f"{counted(bad, 'part')} of the platform {'is' if bad == 1 else 'are'} not well." if bad else "All is well."
    processes = _processes(now) if see_owners else []
    return HealthPage(sentence, not bad, moment(now), parts, processes, others, _mixed(processes))


# What is known now -----------------------------------------------------------------------------------------------------------------
def _figures(now: datetime) -> dict[str, str]:
    heartbeat = Heartbeat.objects.filter(name="reaper").values_list("beat_at", flat=True).first()
    worked = f"Worked {_ago(now, heartbeat)}." if heartbeat else "Has done nothing yet."
    return {
        "Database": f"{'PostgreSQL' if connection.vendor == 'postgresql' else 'SQLite'} answers.",
        "Redis": "",
        "Workers": worked,
        "Beat": f"Its last task was done {_ago(now, heartbeat)}." if heartbeat else "Has sent nothing yet.",
        "Status callbacks": _callbacks(now),
        "Calls without a process": _calls(now),
        "Exports, tests, acts on lists": _jobs(),
        "Alerts": _alerts(now),
    }


def _ago(now: datetime, at: datetime) -> str:
    return f"{spoken_duration(max((now - at).total_seconds(), 0))} ago"


def _callbacks(now: datetime) -> str:
    waiting = Callback.objects.filter(state=CallbackState.PENDING).order_by()[: COUNTED_TO + 1].count()
    due = delivery.callback_due_since(now)
    words = f"over {COUNTED_TO:,}" if waiting > COUNTED_TO else f"{waiting:,}"
    oldest = (
        f"the oldest that a worker could try has been due for {spoken_duration((now - due).total_seconds())}" if due else "none is due now"
    )
    return f"{words} {'waits' if waiting == 1 else 'wait'}; {oldest}."


def _calls(now: datetime) -> str:
    live = Call.objects.filter(state=CallState.LIVE).order_by().aggregate(live=Count("pk"), lost=Count("pk", filter=Q(lease_until__lt=now)))
    return f"{counted(live['live'], 'call')} live, {live['lost']} without a sign of life of their process."


def _jobs() -> str:
    exports = Export.objects.filter(finished_at=None).count()
    tests = UrlTest.objects.filter(finished_at=None).count()
    acts = ListAct.objects.filter(finished_at=None).count()
    return f"{counted(exports, 'export')}, {counted(tests, 'URL test')} and {counted(acts, 'act on a list', 'acts on lists')} under way."


def _alerts(now: datetime) -> str:
    rules = AlertRule.objects.filter(enabled=True).aggregate(count=Count("pk"), oldest=Min("evaluated_at"), newest=Max("evaluated_at"))
    unseen = Alert.objects.filter(closed_at=None).order_by()[: COUNTED_TO + 1].count()
    looked = f", looked at {_ago(now, rules['newest'])}" if rules["newest"] else ""
    return f"{counted(rules['count'], 'rule')}{looked}; {counted(unseen, 'alert')} open."


def _processes(now: datetime) -> list[ProcessLine]:
    """Those that say that they are there; and those that have live calls and do not."""
    live = Call.objects.filter(state=CallState.LIVE).exclude(owner="").order_by().values("owner")
    rows = live.annotate(calls=Count("pk"), lease=Min("lease_until")).values_list("owner", "calls", "lease").order_by("-calls", "owner")
    held = {owner: (calls, lease) for owner, calls, lease in rows[:SHOWN_PROCESSES]}
    there = {process.owner: process for process in presence.processes_there()[:SHOWN_PROCESSES]}
    return [_process(owner, there.get(owner), *held.get(owner, (0, None)), now) for owner in dict.fromkeys((*there, *held))]


def _process(owner: str, process: WebProcess | None, calls: int, lease: datetime | None, now: datetime) -> ProcessLine:
    """The lease that ends first of those that it holds."""
    ran_out = bool(calls) and (lease is None or lease < now)
    left = NOTHING if lease is None else f"{spoken_duration(abs(lease - now) / timedelta(seconds=1))} {'ago' if ran_out else 'from now'}"
    if process is None:
        return ProcessLine(owner[:SHOWN_CHARACTERS], "does not say that it is there", NOTHING, NOTHING, calls, left, True)
    machine, version = cleaned(process.machine, 60), cleaned(process.version, 40)
    return ProcessLine(owner[:SHOWN_CHARACTERS], machine, version, moment(process.started_at), calls, left, ran_out)


def _mixed(processes: Sequence[ProcessLine]) -> str:
    versions = sorted({process.version for process in processes} - {NOTHING})
    return f"Processes run different versions: {', '.join(versions)}. Restart those with the older one." if len(versions) > 1 else ""
