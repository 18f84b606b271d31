"""The page of an application: how it answers, what is live and what failed of late, which gateways and numbers lead to it.

Owns which facts stand on the page, in a fixed number of queries. Must not know requests, permissions or templates."""

import math
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

from django.db.models import Subquery

from cdr.pages import recent_hosts
from cdr.pages.account import CALLS, Shown, count_of, gateway_lines
from cdr.pages.hosts import STREAMS, HostFigure, service_figures
from cdr.pages.last_calls import CallLine, last_calls, numbers_of
from cdr.pages.recent_ends import EndLine, recent_ends
from cdr.pure.account_story import account_story
from cdr.pure.badges import Badge
from cdr.pure.figures import counted
from cdr.pure.host_story import host_badge
from cdr.pure.secret_text import SecretText
from streams.models import Application, Call, Gateway, Stream
from streams.pure.foreign_text import cleaned
from streams.pure.lifecycle import CallState, StreamState, recorded_seconds
from streams.pure.scrubbing import scrubbed_document

LATEST_CALLS, SHOWN_NUMBERS, SHOWN_XML = 200, 10, 10_000


class CalledNumber(NamedTuple):
    """A number that led to the application, and how often."""

    number: str
    calls: int


@dataclass(frozen=True, slots=True)
class ApplicationPage:
    """`answer_url`: "" of one that answers with its own XML. `latest`: of so many calls the called numbers are told."""

    pk: int
    name: str
    account: str
    account_key: int
    state: Badge
    story: list[str]
    calls: tuple[HostFigure, ...]
    streams: tuple[HostFigure, ...]
    all_calls: str
    answer_method: str
    answer_url: str
    answer_xml: str
    conversation_callbacks: bool
    recorded: str
    ends: tuple[EndLine, ...]
    since: str
    gateways: Shown
    called: tuple[CalledNumber, ...]
    latest: str
    last_calls: tuple[CallLine, ...]
    numbers: tuple[str, ...]


def application_page(application: Application, now: datetime) -> ApplicationPage:
    """In five queries, of one that was read with its account."""
    query = {"account": application.account.auth_id, "application": application.name}
    calls = Call.objects.filter(application=application)
    streams = Stream.objects.filter(account=application.account_id, call__application=application)
    live_calls, live_streams, beyond = _now(application, now)
    since = recent_hosts.since_of(beyond, now)
    ends = recent_ends(streams, since, now, query)
    latest, called = last_calls(calls, now), _called(application)
    shown = called.most_common(SHOWN_NUMBERS)
    return ApplicationPage(
        pk=application.pk,
        name=cleaned(application.name),
        account=cleaned(application.account.name),
        account_key=application.account_id,
        state=host_badge(ends.tallies, live_streams),
        story=account_story(ends.tallies, live_calls, live_streams, "", stopped=False),
        calls=(_live(live_calls, "call", CALLS, query),),
        streams=(_live(live_streams, "stream", STREAMS, query), *service_figures(ends.tallies, query)),
        all_calls=urlencode(query),
        answer_method=application.answer_method,
        answer_url=SecretText(cleaned(application.answer_url, 2048)),
        answer_xml=_document(application.answer_xml),
        conversation_callbacks=application.conversation_callbacks,
        recorded=_recorded(application),
        ends=ends.lines,
        since=f"{since.at:%Y-%m-%d %H:%M:%S} UTC" if since.cut else "",
        gateways=gateway_lines(Gateway.objects.filter(application=application), now),
        called=tuple(CalledNumber(cleaned(number), count) for number, count in shown),
        latest=counted(called.total(), "call"),
        last_calls=latest,
        numbers=(*numbers_of(latest), *(number for number, _ in shown)),
    )


def _recorded(application: Application) -> str:
    seconds = recorded_seconds(application.record, application.record_seconds, application.callers_consent)
    if not seconds:
        return "no"
    return "the whole; callers consent" if math.isinf(seconds) else f"the last {seconds:.0f} s; callers consent"


def _now(application: Application, now: datetime) -> tuple[int, int, datetime | None]:
    """In one query: live calls, live streams, and when the newest stream was asked for that is not counted."""
    calls = Call.objects.filter(application=application, state=CallState.LIVE)
    every = Stream.objects.filter(account=application.account_id, call__application=application)
    live = every.filter(call__state=CallState.LIVE).exclude(state=StreamState.ENDED)
    beyond = Subquery(recent_hosts.beyond_counted(every, "requested_at", now))
    found = Application.objects.order_by().annotate(live_calls=count_of(calls), live_streams=count_of(live), beyond=beyond)
    return found.values_list("live_calls", "live_streams", "beyond").get(pk=application.pk)


def _live(count: int, noun: str, path: str, query: dict[str, str]) -> HostFigure:
    return HostFigure(f"{count:,}", f"{noun if count == 1 else noun + 's'} now", path, urlencode({**query, "state": "live"}))


def _called(application: Application) -> Counter[str]:
    """How often which number was called, of its newest calls."""
    newest = Call.objects.filter(application=application).order_by("-started_at", "-pk").values_list("to_number", flat=True)
    return Counter(number for number in newest[:LATEST_CALLS] if number)


def _document(answer_xml: str) -> str:
    """Scrubbed for every reader, as it holds customers' extra headers: whole it stands in the form alone. Cut after that: half a secret
    would not be known for one."""
    return scrubbed_document(answer_xml).strip()[:SHOWN_XML]
