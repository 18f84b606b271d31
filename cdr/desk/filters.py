"""The filters of the desk's lists: of the console's those that read nothing but the row itself, and in place of those that look names up
among all tenants ones that ask the scope.

Owns which stand above each list."""

from django.db.models import Q, QuerySet

from cdr.admin.filters import stream_facts
from cdr.admin.filters.callbacks import CreatedFilter, EventFilter, HostFilter, StateFilter, TriesFilter
from cdr.admin.filters.calls_and_streams import (
    CallDurationFilter,
    CallStateFilter,
    DirectionFilter,
    DurationFilter,
    RequestedFilter,
    StartedFilter,
    of_call,
)
from cdr.admin.filters.kinds import ChoiceFilter, Row, TextFilter
from cdr.admin.filters.stream_facts import StreamFact
from cdr.desk.search import of_own_host
from cdr.desk_scope import scope_of_request
from cdr.pure.lookup import host_named
from streams.models import Application


class OwnAccountFilter(ChoiceFilter):
    """Of who has several; not drawn for who has one. What is another's and what does not exist are refused in the same words."""

    title = "account"
    parameter_name = "account"
    template = "desk/own_account.html"

    def offered(self) -> list[tuple[str, str]]:
        scope = scope_of_request(self.request)
        return [(account.auth_id, account.name) for account in scope.accounts] if scope else []

    def narrowed(self, rows: QuerySet[Row], value: str) -> QuerySet[Row]:
        scope = scope_of_request(self.request)
        chosen = scope.account(value) if scope else None
        return rows.filter(account=chosen) if chosen else rows.none()


class OwnApplicationFilter(TextFilter):
    """A name, or what one begins with."""

    title = "application"
    parameter_name = "application"
    rare = True

    def narrowed(self, rows: QuerySet[Row], text: str) -> QuerySet[Row]:
        scope = scope_of_request(self.request)
        if scope is None:
            return rows.none()
        named = scope.rows(Application).filter(name__istartswith=text).order_by().values("pk")
        return rows.filter(**{f"{of_call(rows, 'application')}__in": named})


class OwnHostFilter(StreamFact, TextFilter):
    """What the host begins with; a port narrows it."""

    title = "service host"
    parameter_name = "host"
    rare = True

    def fact(self) -> Q | None:
        if not self.typed():
            return None
        host = host_named(self.typed())
        named = of_own_host(host.name)
        return named & Q(service_url__icontains=f":{host.port}") if host.port else named


_OF_STREAMS = (
    OwnHostFilter,
    stream_facts.EndCauseFilter,
    stream_facts.CloseCodeFilter,
    stream_facts.AttemptsFilter,
    stream_facts.DegradedFilter,
    stream_facts.CallbacksFilter,
)
CALL_FILTERS = (
    *(StartedFilter, stream_facts.ReasonFilter, CallStateFilter, OwnAccountFilter),
    *(*_OF_STREAMS, CallDurationFilter, OwnApplicationFilter, DirectionFilter),
)
STREAM_FILTERS = (
    *(RequestedFilter, stream_facts.ReasonFilter, stream_facts.StreamStateFilter, OwnAccountFilter),
    *(*_OF_STREAMS, DurationFilter, OwnApplicationFilter, DirectionFilter),
)
CALLBACK_FILTERS = (CreatedFilter, EventFilter, StateFilter, TriesFilter, HostFilter, OwnAccountFilter)
"""In the order in which they stand."""
