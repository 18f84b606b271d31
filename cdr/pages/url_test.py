"""What the console and the desk show of one test of a service URL.

Owns which facts stand on the page. Must not know requests or templates."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from cdr.models import UrlTest, UrlTestState
from cdr.pages.stream import Fact, utc_fact
from cdr.pure.badges import Badge
from cdr.pure.figures import NOTHING, counted, moment, short_host, spoken_ms
from cdr.pure.secret_text import SecretText
from cdr.pure.url_verdict import UNFINISHED, Report, Verdict, said_in_words, steps_in_words, verdict
from streams.models import Call


@dataclass(frozen=True, slots=True)
class SaidLine:
    at: str
    words: str


@dataclass(frozen=True, slots=True)
class UrlTestPage:
    """`said`: what came back, in order. `more`: how many messages are not listed. `numbers`: those of the call whose stream had the URL."""

    url: str
    unfinished: bool
    waiting: bool
    badge: Badge | None
    sentence: str
    asked: tuple[Fact, ...]
    facts: tuple[Fact, ...]
    said: list[SaidLine]
    more: int
    numbers: tuple[str, ...]


class UrlTestLine(NamedTuple):
    """One of the list; `call_id` is what the service saw. The host is all that is shown of a URL, which may hold a number."""

    key: int
    call_id: UUID
    asked: str
    host: str
    account: str
    account_key: int | None
    by: str
    badge: Badge
    sentence: str


def url_test_lines(tests: QuerySet[UrlTest], most: int) -> list[UrlTestLine]:
    """The newest first, in one query."""
    return [_line(test) for test in tests.select_related("account", "owner")[:most]]


def with_all_it_needs(tests: QuerySet[UrlTest]) -> QuerySet[UrlTest]:
    """For page_of_url_test."""
    return tests.select_related("account", "owner", "of_stream__call")


def _line(test: UrlTest) -> UrlTestLine:
    judged = verdict(test.report) if test.report else Verdict(UNFINISHED, "")
    by = test.owner.get_username() if test.owner else NOTHING
    account = str(test.account or NOTHING)
    return UrlTestLine(test.pk, test.call_id, moment(test.created_at), short_host(test.url), account, test.account_id, by, *judged)


def page_of_url_test(test: UrlTest) -> UrlTestPage:
    """Of one that was selected with its account, owner, and stream with its call."""
    call = test.of_stream.call if test.of_stream else Call()
    judged = verdict(test.report) if test.report else None
    said = test.report["said"] if test.report else []
    return UrlTestPage(
        url=SecretText(test.url),
        unfinished=test.state != UrlTestState.DONE,
        waiting=test.state == UrlTestState.WAITING,
        badge=judged.badge if judged else None,
        sentence=SecretText(judged.sentence) if judged else "",
        asked=_asked(test),
        facts=_facts(test.report) if test.report else (),
        said=[SaidLine(_span(one["at_ms"], one["last_ms"]), said_in_words(one)) for one in said],
        more=test.report["said_count"] - sum(one["count"] for one in said) if test.report else 0,
        numbers=(call.from_number, call.to_number),
    )


def _span(first_ms: int, last_ms: int) -> str:
    return spoken_ms(first_ms) if first_ms == last_ms else f"{spoken_ms(first_ms)} to {spoken_ms(last_ms)}"


def _asked(test: UrlTest) -> tuple[Fact, ...]:
    return (
        Fact("Service URL", SecretText(test.url), code=True, wide=True),
        Fact("Account", str(test.account or NOTHING), of="account", key=test.account_id),
        Fact("Content type", test.content_type),
        Fact("Asked by", test.owner.get_username() if test.owner else NOTHING),
        utc_fact("Asked", test.created_at),
        Fact("Call id it saw", str(test.call_id), code=True, wide=True),
        Fact("Stream id it saw", str(test.stream_id), code=True, wide=True),
    )


def _facts(report: Report) -> tuple[Fact, ...]:
    came = counted(report["said_count"], "message")
    return (
        Fact("Address dialled", report["address"] or NOTHING, code=True),
        Fact("HTTP status", str(report["status"] or (101 if "upgraded" in report["steps"] else NOTHING))),
        Fact("Subprotocol", report["subprotocol"] or NOTHING),
        Fact("Steps", steps_in_words(report) or NOTHING, wide=True),
        Fact("Audio sent", spoken_ms(report["sent_frames"] * 20)),
        Fact("Not taken, at worst", spoken_ms(report["most_unsent_ms"])),
        Fact("Not taken, at the end", spoken_ms(report["unsent_ms"])),
        Fact("Came back", came),
        Fact("End", report["closed"] or NOTHING, wide=True),
    )
