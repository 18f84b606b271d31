"""The page of somebody who uses the console: groups and what they let do, second factor, sessions, what was done last. Nothing secret.

Owns which facts stand on the page. Must not know requests or templates; of a session nothing that opens it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.contrib.auth.models import Group, Permission, User
from django.db.models import Count, Q, Subquery

from cdr.models import AuditEntry, ConsoleSession
from cdr.pages.stream import Fact, utc_fact
from cdr.pure.badges import Badge
from cdr.pure.browser_words import browser_words
from cdr.pure.figures import NOTHING, counted, moment
from streams.pure.foreign_text import cleaned

VERBS = {"Can view ": "Looks at", "Can add ": "Adds", "Can change ": "Changes", "Can delete ": "Deletes"}
ACTS = "Besides"
SHOWN_SESSIONS, SHOWN_ENTRIES, LOOKED_THROUGH = 10, 10, 20_000


class MayDo(NamedTuple):
    """`what`: in words, one after the other."""

    verb: str
    what: str


class SessionOf(NamedTuple):
    browser: str
    address: str
    begun: str
    last_seen: str


class EntryLine(NamedTuple):
    at: str
    act: str
    subject: str


@dataclass(frozen=True, slots=True)
class UserPage:
    """`own`: how many permissions are the user's beside those of groups. `lately`: among so many audit entries those shown were sought."""

    pk: int
    name: str
    state: Badge
    facts: tuple[Fact, ...]
    groups: tuple[tuple[int, str], ...]
    may_do: tuple[MayDo, ...]
    own: str
    sessions: tuple[SessionOf, ...]
    session_count: str
    entries: tuple[EntryLine, ...]
    lately: str
    numbers: tuple[str, ...] = ()


def user_page(user: User, sessions: Sequence[ConsoleSession], codes_left: int | None) -> UserPage:
    """In three queries. `sessions`: those that are not over, used last first. `codes_left`: None without a second factor."""
    groups = tuple(Group.objects.filter(user=user).order_by("name").values_list("pk", "name"))
    may_do, own = _may_do(user)
    return UserPage(
        pk=user.pk,
        name=cleaned(user.username),
        state=_badge(user),
        facts=_facts(user, codes_left),
        groups=tuple((key, cleaned(name)) for key, name in groups),
        may_do=may_do,
        own=counted(own, "permission") if own else "",
        sessions=tuple(_session(row) for row in sessions[:SHOWN_SESSIONS]),
        session_count=counted(len(sessions), "session"),
        entries=_entries(user),
        lately=f"{LOOKED_THROUGH:,}",
    )


def _badge(user: User) -> Badge:
    if not user.is_active:
        return Badge("⊘", "switched off", "bad")
    if not user.is_staff:
        return Badge("○", "cannot open the console", "warn")
    return Badge("▲", "superuser", "warn") if user.is_superuser else Badge("✓", "active", "plain")


def _facts(user: User, codes_left: int | None) -> tuple[Fact, ...]:
    left = "none" if codes_left is None else f"set up, {counted(codes_left, 'recovery code')} left"
    return (
        Fact("Name", cleaned(user.get_full_name()) or NOTHING),
        Fact("Mail", cleaned(user.email) or NOTHING),
        Fact("Second factor", left),
        Fact("Password", "has one" if user.has_usable_password() else "none: signs in elsewhere"),
        utc_fact("Last sign-in", user.last_login),
        utc_fact("Made", user.date_joined),
    )


def _may_do(user: User) -> tuple[tuple[MayDo, ...], int]:
    """In one query: by verb, and how many permissions are the user's own."""
    if user.is_superuser:
        return (MayDo("Everything", "a superuser is asked for no permission"),), 0
    held = Permission.objects.filter(Q(group__user=user) | Q(user=user)).order_by("name")
    rows = list(held.annotate(own=Count("user", filter=Q(user=user), distinct=True)).values_list("name", "own"))
    by_verb: dict[str, list[str]] = {verb: [] for verb in (*VERBS.values(), ACTS)}
    for name, _ in rows:
        start = next((start for start in VERBS if name.startswith(start)), "")
        by_verb[VERBS.get(start, ACTS)].append(cleaned(name.removeprefix(start).removeprefix("Can ")))
    may_do = tuple(MayDo(verb, ", ".join(dict.fromkeys(what))) for verb, what in by_verb.items() if what)
    return may_do, sum(own for _, own in rows)


def _session(row: ConsoleSession) -> SessionOf:
    return SessionOf(browser_words(row.browser), row.address or "unknown", moment(row.begun_at), moment(row.last_seen_at))


def _entries(user: User) -> tuple[EntryLine, ...]:
    """The newest, of the log's last ones: nobody's page reads the whole log."""
    newest = AuditEntry.objects.order_by("-pk").values("pk")[:1]
    found = AuditEntry.objects.filter(by=user.username, pk__gt=Subquery(newest) - LOOKED_THROUGH).order_by("-pk")[:SHOWN_ENTRIES]
    return tuple(EntryLine(moment(one.at), one.act, cleaned(f"{one.kind} {one.subject}")) for one in found)
