"""The rarer filters: what happened to a stream and its call, to the precise cause. The same for both lists: a call is shown when one of
its streams is meant.

Owns what each means in rows. Must not know how a filter is drawn."""

from typing import Any, ClassVar

from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet
from django.http import HttpRequest

from cdr.admin.filters import ChoiceFilter, TextFilter
from cdr.pure.period import LENGTHS
from streams.models import Callback, CallbackState, Stream
from streams.pure.lifecycle import EndCause

LARGEST_CLOSE_CODE = 4999
LASTED = ExpressionWrapper(F("ended_at") - F("started_at"), output_field=DurationField())


def meant(queryset: QuerySet[Any], streams: Q) -> QuerySet[Any]:
    """Of a list of streams those that `streams` is true of; of a list of calls those that have one."""
    if issubclass(queryset.model, Stream):
        return queryset.filter(streams)
    return queryset.filter(pk__in=Stream.objects.filter(streams).order_by().values("call_id"))


def of_call(queryset: QuerySet[Any], column: str) -> str:
    """The name of a call's column, in a list of calls or of streams."""
    return f"call__{column}" if issubclass(queryset.model, Stream) else column


class MeaningFilter(ChoiceFilter):
    """A few words, each with a meaning in columns of a stream."""

    rare = True
    MEANING: ClassVar[dict[str, tuple[str, Q]]] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(word, display) for word, (display, _) in self.MEANING.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        known = self.MEANING.get(self.value() or "")
        return meant(queryset, known[1]) if known else queryset


class EndCauseFilter(MeaningFilter):
    title = "precise end cause"
    parameter_name = "cause"
    MEANING = {cause.value: (cause.value.replace("_", " "), Q(end_cause=cause.value)) for cause in EndCause}


class AttemptsFilter(MeaningFilter):
    title = "connection attempts"
    parameter_name = "attempts"
    MEANING = {"several": ("more than one", Q(connect_attempts__gt=1)), "one": ("one", Q(connect_attempts=1))}


class DegradedFilter(MeaningFilter):
    title = "degradation"
    parameter_name = "degraded"
    MEANING = {str(percent): (f"{percent} % passed", Q(degraded_percent__gte=percent)) for percent in (30, 60, 90)}


class CallbacksFilter(MeaningFilter):
    title = "callback outcome"
    parameter_name = "callbacks"
    _failed = Q(state=CallbackState.GIVEN_UP) | Q(tries__gt=1) | Q(state=CallbackState.PENDING, tries__gt=0)
    MEANING = {
        "failed": ("a try failed", Q(pk__in=Callback.objects.filter(_failed).order_by().values("stream_id"))),
        "given-up": ("given up", Q(pk__in=Callback.objects.filter(state=CallbackState.GIVEN_UP).order_by().values("stream_id"))),
    }


class CloseCodeFilter(TextFilter):
    title = "WebSocket close code"
    parameter_name = "code"
    rare = True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        code = self.typed()
        if not code:
            return queryset
        if not (code.isascii() and code.isdigit() and 1000 <= int(code[:5]) <= LARGEST_CLOSE_CODE):
            self.problem = f"“{code[:20]}” is not a WebSocket close code. Write a number from 1000 to {LARGEST_CLOSE_CODE}, such as 1011."
            return queryset
        return meant(queryset, Q(close_code=int(code)))


class DurationFilter(ChoiceFilter):
    """How long a call or a stream lasted from its start to its end; what is live has no duration yet."""

    title = "duration"
    parameter_name = "duration"
    rare = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(word, length.words) for word, length in LENGTHS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        length = LENGTHS.get(self.value() or "")
        if length is None:
            return queryset
        timed: QuerySet[Any] = queryset.alias(lasted=LASTED).filter(lasted__gte=length.least)
        return timed.filter(lasted__lt=length.below) if length.below else timed


class GatewayFilter(TextFilter):
    title = "gateway"
    parameter_name = "gateway"
    rare = True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{of_call(queryset, "gateway__name__istartswith"): self.typed()}) if self.typed() else queryset


class ApplicationFilter(TextFilter):
    title = "application"
    parameter_name = "application"
    rare = True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{of_call(queryset, "application__name__istartswith"): self.typed()}) if self.typed() else queryset


class DirectionFilter(ChoiceFilter):
    title = "direction"
    parameter_name = "direction"
    rare = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("inbound", "inbound"), ("outbound", "outbound")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{of_call(queryset, "direction"): self.value()}) if self.value() else queryset


FACT_FILTERS = (
    *(EndCauseFilter, CloseCodeFilter, AttemptsFilter, DegradedFilter, CallbacksFilter),
    *(DurationFilter, GatewayFilter, ApplicationFilter, DirectionFilter),
)
