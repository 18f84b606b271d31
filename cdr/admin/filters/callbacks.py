"""The filters of the list of status callbacks.

Owns what each means in columns of a callback."""

from django.db.models import QuerySet

from cdr.admin.filters.kinds import ColumnFilter, PeriodFilter, Row, TextFilter
from streams.models import CallbackState
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
        return rows.filter(host__startswith=text.lower())


CALLBACK_FILTERS = (CreatedFilter, EventFilter, StateFilter, HostFilter)
