"""The rarer filters: what happened to a stream and its call, to the precise cause. The same for both lists: a call is shown when one of
its streams is meant.

Owns what each means in rows. Must not know how a filter is drawn."""

from typing import Any, ClassVar

from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet
from django.http import HttpRequest

from cdr.admin.lists.filters import ChoiceFilter, FactFilter, TextFilter, of_call
from cdr.admin.lists.named_choices import names
from cdr.pure.period import LENGTHS
from streams.models import Call, CallbackTrouble
from streams.pure.lifecycle import EndCause

LARGEST_CLOSE_CODE = 4999


class MeaningFilter(FactFilter):
    """A few words, each with a meaning in columns of a stream. `USUAL`: those that most streams are meant by."""

    rare = True
    MEANING: ClassVar[dict[str, tuple[str, Q]]] = {}
    USUAL: ClassVar[tuple[str, ...]] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(word, display) for word, (display, _) in self.MEANING.items()]

    def fact(self) -> Q | None:
        known = self.MEANING.get(self.value() or "")
        return known[1] if known else None

    @property
    def unusual(self) -> bool:
        return self.value() in self.MEANING and self.value() not in self.USUAL


class EndCauseFilter(MeaningFilter):
    title = "precise end cause"
    parameter_name = "cause"
    MEANING = {cause.value: (cause.value.replace("_", " "), Q(end_cause=cause.value)) for cause in EndCause}
    USUAL = (EndCause.CALL_ENDED.value,)


class AttemptsFilter(MeaningFilter):
    title = "connection attempts"
    parameter_name = "attempts"
    MEANING = {"several": ("more than one", Q(connect_attempts__gt=1)), "one": ("one", Q(connect_attempts=1))}
    USUAL = ("one",)


class DegradedFilter(MeaningFilter):
    title = "degradation"
    parameter_name = "degraded"
    MEANING = {str(percent): (f"{percent} % passed", Q(degraded_percent__gte=percent)) for percent in (30, 60, 90)}


class CallbacksFilter(MeaningFilter):
    title = "callback outcome"
    parameter_name = "callbacks"
    MEANING = {
        "failed": ("a try failed", Q(callback_trouble__gte=CallbackTrouble.TRY_FAILED)),
        "given-up": ("given up", Q(callback_trouble=CallbackTrouble.GIVEN_UP)),
    }


class CloseCodeFilter(TextFilter):
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
        return self.fact() is not None

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        code, fact = self.typed(), self.fact()
        if code and fact is None:
            self.problem = f"“{code[:20]}” is not a WebSocket close code. Write a number from 1000 to {LARGEST_CLOSE_CODE}, such as 1011."
        return queryset if fact is None or issubclass(queryset.model, Call) else queryset.filter(fact)


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
        start, end = (self.column_of(queryset, name) for name in ("started_at", "ended_at"))
        lasted = ExpressionWrapper(F(end) - F(start), output_field=DurationField())
        timed: QuerySet[Any] = queryset.alias(lasted=lasted).filter(lasted__gte=length.least)
        return timed.filter(lasted__lt=length.below) if length.below else timed

    def column_of(self, queryset: QuerySet[Any], column: str) -> str:
        return column


class CallDurationFilter(DurationFilter):
    """That of the call, also where calls are read from their streams."""

    def column_of(self, queryset: QuerySet[Any], column: str) -> str:
        return of_call(queryset, column)


def _one_of(column: str, keys: list[int]) -> dict[str, Any]:
    """Of one key an index has the rows in order."""
    return {column: keys[0]} if len(keys) == 1 else {f"{column}__in": keys}


class GatewayFilter(TextFilter):
    title = "gateway"
    parameter_name = "gateway"
    rare = True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**_one_of(of_call(queryset, "gateway"), names(request).gateways)) if self.typed() else queryset


class ApplicationFilter(TextFilter):
    title = "application"
    parameter_name = "application"
    rare = True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**_one_of(of_call(queryset, "application"), names(request).applications)) if self.typed() else queryset


class DirectionFilter(ChoiceFilter):
    title = "direction"
    parameter_name = "direction"
    rare = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("inbound", "inbound"), ("outbound", "outbound")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in ("inbound", "outbound"):
            return queryset
        return queryset.filter(**{of_call(queryset, "direction"): self.value()})


_OF_STREAMS = (EndCauseFilter, CloseCodeFilter, AttemptsFilter, DegradedFilter, CallbacksFilter)
_OF_CALLS = (GatewayFilter, ApplicationFilter, DirectionFilter)
CALL_FILTERS = (*_OF_STREAMS, CallDurationFilter, *_OF_CALLS)
STREAM_FILTERS = (*_OF_STREAMS, DurationFilter, *_OF_CALLS)
