"""What happened to a stream, to the precise cause, in the lists of streams and of calls: a call is shown when one of its streams is meant.

Owns what each means in columns of a stream, and which of them only UNUSUAL streams can meet. Must not know how a filter is drawn."""

from collections.abc import Collection, Mapping
from typing import ClassVar

from django.db.models import Q, QuerySet
from django.utils.functional import cached_property

from cdr import prefix_lookup  # noqa: F401 - the look-up `begins`
from cdr.admin.filters.kinds import ChoiceFilter, Narrowing, Row, TextFilter
from cdr.pure.lookup import host_named
from streams.models import Call, CallbackTrouble, Stream
from streams.pure.lifecycle import CallState, EndCause, HangupReason, StreamState

LARGEST_CLOSE_CODE = 4999


class StreamFact(Narrowing):
    """In a list of streams those that it is true of; in a list of calls, the list itself finds those that have one such stream."""

    def narrowed(self, rows: QuerySet[Row], value: str) -> QuerySet[Row]:
        fact = self.fact()
        return rows if fact is None or issubclass(rows.model, Call) else rows.filter(fact)


class MeaningFilter(StreamFact, ChoiceFilter):
    """A few words, each with its words on the page and its meaning. UNUSUAL: those of them that no usual stream meets."""

    MEANING: ClassVar[Mapping[str, tuple[str, Q]]] = {}
    UNUSUAL: ClassVar[Collection[str]] = ()

    def offered(self) -> list[tuple[str, str]]:
        return [(word, display) for word, (display, _) in self.MEANING.items()]

    def fact(self) -> Q | None:
        known = self.MEANING.get(self.value() or "")
        return known[1] if known else None

    @property
    def unusual(self) -> bool:
        return self.value() in self.UNUSUAL


class ReasonFilter(MeaningFilter):
    title = "hangup reason"
    parameter_name = "reason"
    MEANING = {reason.value: (reason.value, Q(hangup_reason=reason.value)) for reason in HangupReason}
    UNUSUAL = (HangupReason.API_REQUEST, HangupReason.CONNECTION_ERROR, HangupReason.STREAM_TIMEOUT)


class StreamStateFilter(MeaningFilter):
    title = "state"
    parameter_name = "state"
    MEANING = {
        # By way of the call, whose live rows have an index of their own.
        "live": ("live", Q(call__state=CallState.LIVE) & ~Q(state=StreamState.ENDED)),
        "ended": ("ended", Q(state=StreamState.ENDED)),
        "never-started": ("never started", Q(state=StreamState.ENDED, started_at=None)),
    }
    UNUSUAL = ("never-started",)


class EndCauseFilter(MeaningFilter):
    title = "precise end cause"
    parameter_name = "cause"
    rare = True
    MEANING = {cause.value: (cause.value.replace("_", " "), Q(end_cause=cause.value)) for cause in EndCause}
    UNUSUAL = tuple(cause.value for cause in EndCause if cause != EndCause.CALL_ENDED)


class AttemptsFilter(MeaningFilter):
    title = "connection attempts"
    parameter_name = "attempts"
    rare = True
    MEANING = {"several": ("more than one", Q(connect_attempts__gt=1)), "one": ("one", Q(connect_attempts=1))}
    UNUSUAL = ("several",)


class DegradedFilter(MeaningFilter):
    title = "degradation"
    parameter_name = "degraded"
    rare = True
    MEANING = {str(percent): (f"{percent} % passed", Q(degraded_percent__gte=percent)) for percent in (30, 60, 90)}
    UNUSUAL = ("30", "60", "90")


class CallbacksFilter(MeaningFilter):
    title = "callback outcome"
    parameter_name = "callbacks"
    rare = True
    MEANING = {
        "failed": ("a try failed", Q(callback_trouble__gte=CallbackTrouble.TRY_FAILED)),
        "given-up": ("given up", Q(callback_trouble=CallbackTrouble.GIVEN_UP)),
    }
    UNUSUAL = ("failed", "given-up")


class SlowResponseFilter(MeaningFilter):
    """By the longest that a bot let its caller wait."""

    title = "slowest response"
    parameter_name = "response"
    rare = True
    MEANING = {str(seconds): (f"over {seconds} s", Q(conversation__response_longest_ms__gt=seconds * 1000)) for seconds in (1, 2, 3, 5, 10)}


class ServiceHostFilter(StreamFact, TextFilter):
    """The whole host where there is one of that name, else all that begin with it; a port narrows them."""

    title = "service host"
    parameter_name = "host"
    rare = True
    by_streams = True

    def fact(self) -> Q | None:
        return self._fact if self.typed() else None

    @cached_property
    def _fact(self) -> Q:
        host = host_named(self.typed())
        whole = Stream.objects.filter(service_host=host.name).exists()
        named = Q(service_host=host.name) if whole else Q(service_host__begins=host.name)
        return named & Q(service_url__icontains=f":{host.port}") if host.port else named


class CloseCodeFilter(StreamFact, TextFilter):
    title = "WebSocket close code"
    parameter_name = "code"
    rare = True

    def fact(self) -> Q | None:
        code = self.typed()
        if code.isascii() and code.isdigit() and 1000 <= int(code[:5]) <= LARGEST_CLOSE_CODE:
            return Q(close_code=int(code))
        return None

    @property
    def unusual(self) -> bool:
        """A stream that its call ended has none."""
        return self.fact() is not None

    def narrowed(self, rows: QuerySet[Row], text: str) -> QuerySet[Row]:
        if self.fact() is None:
            self.problem = f"“{text[:20]}” is not a WebSocket close code. Write a number from 1000 to {LARGEST_CLOSE_CODE}, such as 1011."
        return super().narrowed(rows, text)
