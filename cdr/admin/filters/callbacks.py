"""The filters of the list of status callbacks.

Owns what each means in columns of a callback."""

from django.db.models import Q, QuerySet

from cdr.admin.filters.calls_and_streams import AccountFilter
from cdr.admin.filters.kinds import ChoiceFilter, ColumnFilter, PeriodFilter, Row, TextFilter
from cdr.pure.lookup import host_named
from streams.models import TRY_FAILED, CallbackState
from streams.pure.lifecycle import CallbackEvent


class CreatedFilter(PeriodFilter):
    column = "created_at"


class EventFilter(ColumnFilter):
    title = "event"
    parameter_name = column = "event"
    CHOICES = {event.value: event.value for event in CallbackEvent}


class StateFilter(ColumnFilter):
    title = "state"
    parameter_name = column = "state"
    CHOICES = {state.value: str(state.label) for state in CallbackState}


class HostFilter(TextFilter):
    title = "host"
    parameter_name = "host"

    def narrowed(self, rows: QuerySet[Row], text: str) -> QuerySet[Row]:
        """With a port the whole of it, else what it begins with."""
        host = host_named(text)
        return rows.filter(host=f"{host.name}:{host.port}") if host.port else rows.filter(host__startswith=host.name)


class TriesFilter(ChoiceFilter):
    title = "tries"
    parameter_name = "tries"
    CHOICES = {"failed": "a try failed", "once": "taken at once", "none": "not tried yet"}

    def narrowed(self, rows: QuerySet[Row], value: str) -> QuerySet[Row]:
        meaning = {"failed": TRY_FAILED, "once": Q(tries=1, state=CallbackState.DELIVERED), "none": Q(tries=0)}
        return rows.filter(meaning[value])


CALLBACK_FILTERS = (CreatedFilter, EventFilter, StateFilter, TriesFilter, HostFilter, AccountFilter)
