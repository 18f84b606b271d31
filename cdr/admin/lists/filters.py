"""The filters above the lists: one form, choices from a list, a period, a text; each tells what of it is in force.

Owns what each filter means in rows. What an operator may write for a time is cdr.pure.period's."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from cdr.admin.lists.named_choices import names
from cdr.pure import period
from cdr.pure.acts import Act
from cdr.pure.period import Period
from streams.models import Account, Call, CallbackState, Stream
from streams.pure.lifecycle import CallbackEvent, CallState, HangupReason, StreamState

Chips = list[tuple[str, str]]
"""What is in force of a filter, in words, and the parameter that says so."""


def of_call(queryset: QuerySet[Any], column: str) -> str:
    """The name of a call's column, in a list of calls or of streams."""
    if not issubclass(queryset.model, Stream):
        return column
    return "call_started_at" if column == "started_at" else f"call__{column}"


class Narrowing:
    """What the lists of calls and streams ask of each of their filters."""

    rare = False
    problem = ""

    def fact(self) -> Q | None:
        """What is in force of it as a condition on a stream, when it is about streams."""
        return None

    @property
    def unusual(self) -> bool:
        """Whether only UNUSUAL streams can meet it."""
        return False


class ChoiceFilter(Narrowing, admin.SimpleListFilter):
    """One value of a few, in a select."""

    template = "admin/cdr/filters/choice.html"

    def chips(self) -> Chips:
        display = next((str(display) for value, display in self.lookup_choices if str(value) == self.value()), self.value())
        return [(f"{self.title}: {display}", str(self.parameter_name))] if display else []

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        yield {"value": "", "display": f"Any {self.title}", "selected": not self.value()}
        for value, display in self.lookup_choices:
            yield {"value": value, "display": display, "selected": self.value() == str(value)}


class FactFilter(ChoiceFilter):
    """A fact of streams. In a list of calls, the list itself finds the calls that have one such stream."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        fact = self.fact()
        return queryset if fact is None or issubclass(queryset.model, Call) else queryset.filter(fact)


class ReasonFilter(FactFilter):
    title = "hangup reason"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(reason.value, reason.value) for reason in HangupReason]

    def fact(self) -> Q | None:
        return Q(hangup_reason=self.value()) if self.value() else None

    @property
    def unusual(self) -> bool:
        return bool(self.value()) and self.value() != HangupReason.CALL_HANGUP


class CallStateFilter(ChoiceFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, state.value) for state in CallState]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{of_call(queryset, "state"): self.value()}) if self.value() else queryset


class StreamStateFilter(ChoiceFilter):
    title = "state"
    parameter_name = "state"
    MEANING = {
        # By way of the call, whose live rows have an index of their own.
        "live": Q(call__state=CallState.LIVE) & ~Q(state=StreamState.ENDED),
        "ended": Q(state=StreamState.ENDED),
        "never-started": Q(state=StreamState.ENDED, started_at=None),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(word, word.replace("-", " ")) for word in self.MEANING]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(self.MEANING.get(self.value() or "", Q()))

    @property
    def unusual(self) -> bool:
        return self.value() == "never-started"


class AccountFilter(ChoiceFilter):
    title = "account"
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(auth_id, name) for _, auth_id, name in names(request).accounts]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """By the key: where the database has to look it up first, it cannot know how many rows the account has."""
        if not self.value():
            return queryset
        key = next((key for key, auth_id, _ in names(request).accounts if auth_id == self.value()), None)
        return queryset.filter(account=key or Account.objects.filter(auth_id=self.value()).values("pk")[:1])


class CallbackStateFilter(CallStateFilter):
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, str(state.label)) for state in CallbackState]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(state=self.value()) if self.value() else queryset


class CallbackEventFilter(ChoiceFilter):
    title = "event"
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(event.value, event.value) for event in CallbackEvent]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(event=self.value()) if self.value() else queryset


class ActFilter(ChoiceFilter):
    title = "act"
    parameter_name = "act"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(act.value, act.value) for act in Act]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(act=self.value()) if self.value() else queryset


class TextFilter(Narrowing, admin.SimpleListFilter):
    """What a column begins with, typed. `problem`: why what was typed cannot be meant."""

    template = "admin/cdr/filters/text.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "")]

    def typed(self) -> str:
        return (self.value() or "").replace("\x00", "").strip()

    def chips(self) -> Chips:
        return [(f"{self.title}: {self.typed()}", str(self.parameter_name))] if self.typed() else []


class HostFilter(TextFilter):
    title = "host"
    parameter_name = "host"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(host__startswith=self.typed().lower()) if self.typed() else queryset


class PersonFilter(TextFilter):
    title = "user name"
    parameter_name = "by"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(by__istartswith=self.typed()) if self.typed() else queryset


class PeriodFilter(Narrowing, admin.ListFilter):
    """A usual period, a time from and a time to; what lies in all of them. `problem`: a time that could not be read."""

    title = "period"
    template = "admin/cdr/filters/period.html"
    column = "started_at"
    PARAMETERS = ("when", "from", "to")

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        values = {name: params.pop(name, [""])[-1] for name in self.PARAMETERS}
        self.used_parameters.update(values)
        self.first, self.last, self.problem = values["from"], values["to"], ""

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(self.PARAMETERS)

    def chips(self) -> Chips:
        usual = period.PRESETS.get(str(self.used_parameters["when"]), "")
        words = (usual.lower(), f"from {self.first}" if self.first else "", f"to {self.last}" if self.last else "")
        return [(word, name) for word, name in zip(words, self.PARAMETERS, strict=True) if word]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        chosen = self.used_parameters["when"]
        yield {"value": "", "display": "Any time", "selected": chosen not in period.PRESETS}
        for value, display in period.PRESETS.items():
            yield {"value": value, "display": display, "selected": chosen == value}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted, column = self._period(), self.column_of(queryset)
        if wanted.start:
            queryset = queryset.filter(**{f"{column}__gte": wanted.start})
        return queryset.filter(**{f"{column}__lt": wanted.end}) if wanted.end else queryset

    def column_of(self, queryset: QuerySet[Any]) -> str:
        return self.column

    def _period(self) -> Period:
        now = timezone.now()
        usual = period.preset(str(self.used_parameters["when"]), now)
        try:
            return period.both(usual, period.between(self.first, self.last, now))
        except ValueError as error:
            self.problem = str(error)
            return usual


class StartedFilter(PeriodFilter):
    """Calls by their start, also where they are read from their streams."""

    def column_of(self, queryset: QuerySet[Any]) -> str:
        return of_call(queryset, self.column)


class RequestedFilter(PeriodFilter):
    """Streams by the time they were requested: also those that never started have one."""

    column = "requested_at"


class CreatedFilter(PeriodFilter):
    column = "created_at"


class EntryFilter(PeriodFilter):
    column = "at"
