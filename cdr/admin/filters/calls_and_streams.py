"""The filters of the lists of calls and of streams, and which of them stand above each. What they tell of a call is the same in both.

Owns what each means in columns of a call; what happened to a stream is stream_facts'."""

from typing import cast

from django.db.models import DurationField, ExpressionWrapper, F, QuerySet

from cdr.admin.filters import stream_facts
from cdr.admin.filters.kinds import ChoiceFilter, ColumnFilter, PeriodFilter, Row, TextFilter, quoted
from cdr.admin.filters.named_choices import names
from cdr.admin.filters.statement import StatementFilter
from cdr.pure.period import LENGTHS
from streams.models import Account, Stream
from streams.pure.lifecycle import CallState


def of_call(rows: QuerySet[Row], column: str) -> str:
    """The name of a call's column, in a list of calls or of streams."""
    if not issubclass(rows.model, Stream):
        return column
    return "call_started_at" if column == "started_at" else f"call__{column}"


class StartedFilter(PeriodFilter):
    """Calls by their start, also where they are read from their streams."""

    def column_of(self, rows: QuerySet[Row]) -> str:
        return of_call(rows, "started_at")


class RequestedFilter(PeriodFilter):
    """Streams by the time they were requested: also those that never started have one."""

    column = "requested_at"


class CallStateFilter(ColumnFilter):
    title = "state"
    parameter_name = "state"
    CHOICES = {state.value: state.value for state in CallState}

    def column_of(self, rows: QuerySet[Row]) -> str:
        return of_call(rows, "state")


class AccountFilter(ChoiceFilter):
    title = "account"
    parameter_name = "account"

    def offered(self) -> list[tuple[str, str]]:
        return [(auth_id, name) for _, auth_id, name in names(self.request).accounts]

    def offers(self, value: str) -> bool:
        """Also one of more accounts than the select holds."""
        return super().offers(value) or Account.objects.filter(auth_id=value).exists()

    def narrowed(self, rows: QuerySet[Row], value: str) -> QuerySet[Row]:
        """By the key: where the database has to look it up first, it cannot know how many rows the account has."""
        key = next((key for key, auth_id, _ in names(self.request).accounts if auth_id == value), None)
        return rows.filter(account=key or Account.objects.filter(auth_id=value).values("pk")[:1])


class DurationFilter(ChoiceFilter):
    """How long a call or a stream lasted from its start to its end; what is live has no duration yet."""

    title = "duration"
    parameter_name = "duration"
    rare = True
    CHOICES = {word: length.words for word, length in LENGTHS.items()}

    def narrowed(self, rows: QuerySet[Row], value: str) -> QuerySet[Row]:
        length = LENGTHS[value]
        start, end = (self.column_of(rows, name) for name in ("started_at", "ended_at"))
        lasted = ExpressionWrapper(F(end) - F(start), output_field=DurationField())
        timed = cast(QuerySet[Row], rows.alias(lasted=lasted).filter(lasted__gte=length.least))
        return timed.filter(lasted__lt=length.below) if length.below else timed

    def column_of(self, rows: QuerySet[Row], column: str) -> str:
        return column


class CallDurationFilter(DurationFilter):
    """That of the call, also where calls are read from their streams."""

    def column_of(self, rows: QuerySet[Row], column: str) -> str:
        return of_call(rows, column)


class NamedFilter(TextFilter):
    """A name, or what one begins with."""

    def among(self, rows: QuerySet[Row], column: str, keys: list[int]) -> QuerySet[Row]:
        """Of one key an index has the rows in order."""
        if not keys:
            self.note = f"No {self.title} has a name that is {quoted(self.typed())} or begins so."
            return rows.none()
        column = of_call(rows, column)
        return rows.filter(**{column: keys[0]} if len(keys) == 1 else {f"{column}__in": keys})


class GatewayFilter(NamedFilter):
    title = "gateway"
    parameter_name = "gateway"
    rare = True

    def narrowed(self, rows: QuerySet[Row], text: str) -> QuerySet[Row]:
        return self.among(rows, "gateway", names(self.request).gateways)


class ApplicationFilter(NamedFilter):
    title = "application"
    parameter_name = "application"
    rare = True

    def narrowed(self, rows: QuerySet[Row], text: str) -> QuerySet[Row]:
        return self.among(rows, "application", names(self.request).applications)


class DirectionFilter(ColumnFilter):
    title = "direction"
    parameter_name = "direction"
    rare = True
    CHOICES = {"inbound": "inbound", "outbound": "outbound"}

    def column_of(self, rows: QuerySet[Row]) -> str:
        return of_call(rows, "direction")


_OF_STREAMS = (
    stream_facts.ServiceHostFilter,
    stream_facts.EndCauseFilter,
    stream_facts.CloseCodeFilter,
    stream_facts.AttemptsFilter,
    stream_facts.DegradedFilter,
    stream_facts.CallbacksFilter,
    stream_facts.SlowResponseFilter,
)
_OF_CALLS = (GatewayFilter, ApplicationFilter, DirectionFilter)
CALL_FILTERS = (StartedFilter, stream_facts.ReasonFilter, CallStateFilter, AccountFilter, *_OF_STREAMS, CallDurationFilter, *_OF_CALLS)
STREAM_FILTERS = (
    *(RequestedFilter, stream_facts.ReasonFilter, stream_facts.StreamStateFilter, AccountFilter),
    *(*_OF_STREAMS, DurationFilter, *_OF_CALLS),
    StatementFilter,
)
"""In the order in which they stand."""
