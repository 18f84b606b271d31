"""What filters are made of: one form above a list, choices from a select, a period, a text; each tells what of it is in force.

Owns the forms. Must not know which rows there are. What an operator may write for a time is cdr.pure.period's."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import ClassVar, TypedDict, TypeVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from cdr.pure import period
from cdr.pure.period import Period

SHOWN_CHARACTERS = 40
MOST_CHOICES_NAMED = 12
Row = TypeVar("Row", bound=Model)
Chips = list[tuple[str, str]]
"""What is in force of a filter, in words, and the parameter that says so."""


class Option(TypedDict):
    """One line of a select."""

    value: str
    display: str
    selected: bool


def quoted(text: str) -> str:
    """What a visitor wrote, short enough for a sentence."""
    return f"“{text[:SHOWN_CHARACTERS]}{'…' if len(text) > SHOWN_CHARACTERS else ''}”"


class Narrowing(admin.ListFilter):
    """What a list asks of each of its filters. `rare`: folded away until it is asked for. `problem`: why what the address says cannot be
    meant, known once `queryset` was asked; the list then shows no row, and the sentence."""

    rare = False
    problem = ""
    note = ""
    """Why what is understood finds no row, where that is known."""
    by_streams = False
    """Of a list of calls: an index has the streams that are meant, in the order of their calls. Read those, and not each call's."""

    @classmethod
    def parameters(cls) -> tuple[str, ...]:
        """Of an address: those that it reads."""
        raise NotImplementedError

    def chips(self) -> Chips:
        raise NotImplementedError

    def queryset(self, request: HttpRequest, queryset: QuerySet[Row]) -> QuerySet[Row]:
        raise NotImplementedError

    def fact(self) -> Q | None:
        """What is in force of it as a condition on a stream, when it is about streams."""
        return None

    @property
    def unusual(self) -> bool:
        """Whether only streams that are UNUSUAL (streams.models) can meet what is in force: the lists then read nothing but those, from
        an index. Said of a filter that knows it, never by default: a usual stream would be missing from the list."""
        return False


class _OneParameter(Narrowing, admin.SimpleListFilter):
    @classmethod
    def parameters(cls) -> tuple[str, ...]:
        return (str(cls.parameter_name),)

    def has_output(self) -> bool:
        """Also one that has nothing to offer reads its parameter."""
        return True


class ChoiceFilter(_OneParameter):
    """One value of a few, in a select: of CHOICES, values with their words, or of what `offered` reads."""

    template = "admin/cdr/filters/choice.html"
    CHOICES: ClassVar[Mapping[str, str]] = {}

    def offered(self) -> Iterable[tuple[str, str]]:
        return self.CHOICES.items()

    def narrowed(self, rows: QuerySet[Row], value: str) -> QuerySet[Row]:
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: "admin.ModelAdmin[Model]") -> list[tuple[str, str]]:
        return list(self.offered())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Row]) -> QuerySet[Row]:
        value = self.value()
        if not value:
            return queryset
        if not self.offers(value):
            self.problem = self._refusal(value)
            return queryset.none()
        return self.narrowed(queryset, value)

    def offers(self, value: str) -> bool:
        return any(str(known) == value for known, _ in self.lookup_choices)

    def _refusal(self, value: str) -> str:
        known = [str(word) for word, _ in self.lookup_choices]
        named = f"Known are: {', '.join(known)}." if len(known) <= MOST_CHOICES_NAMED else "Choose one above."
        return f"{quoted(value)} is no {self.title} that this list knows. {named}"

    def chips(self) -> Chips:
        display = next((str(display) for value, display in self.lookup_choices if str(value) == self.value()), self.value())
        return [(f"{self.title}: {display}", str(self.parameter_name))] if display else []

    def choices(self, changelist: ChangeList) -> Iterator[Option]:  # type: ignore[override]  # our template asks for other words
        yield Option(value="", display=f"Any {self.title}", selected=not self.value())
        for value, display in self.lookup_choices:
            yield Option(value=str(value), display=str(display), selected=self.value() == str(value))


class ColumnFilter(ChoiceFilter):
    """What a column holds."""

    column = ""

    def column_of(self, rows: QuerySet[Row]) -> str:
        return self.column

    def narrowed(self, rows: QuerySet[Row], value: str) -> QuerySet[Row]:
        return rows.filter(**{self.column_of(rows): value})


class TextFilter(_OneParameter):
    """What is typed."""

    template = "admin/cdr/filters/text.html"

    def narrowed(self, rows: QuerySet[Row], text: str) -> QuerySet[Row]:
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: "admin.ModelAdmin[Model]") -> list[tuple[str, str]]:
        """Django shows no filter without one."""
        return [("", "")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Row]) -> QuerySet[Row]:
        text = self.typed()
        return self.narrowed(queryset, text) if text else queryset

    def typed(self) -> str:
        return (self.value() or "").replace("\x00", "").strip()

    def chips(self) -> Chips:
        return [(f"{self.title}: {self.typed()}", str(self.parameter_name))] if self.typed() else []


class BeginningFilter(TextFilter):
    """What a column begins with, in capitals or not."""

    column = ""

    def narrowed(self, rows: QuerySet[Row], text: str) -> QuerySet[Row]:
        return rows.filter(**{f"{self.column}__istartswith": text})


class PeriodFilter(Narrowing):
    """A usual period, a time from and a time to; what lies in all of them. `problem`: a time that could not be read."""

    title = "period"
    template = "admin/cdr/filters/period.html"
    column = ""
    PARAMETERS = ("when", "from", "to")

    def __init__(
        self, request: HttpRequest, params: dict[str, list[str]], model: type[Model], model_admin: "admin.ModelAdmin[Model]"
    ) -> None:
        super().__init__(request, params, model, model_admin)
        values = {name: params.pop(name, [""])[-1] for name in self.PARAMETERS}
        self.used_parameters.update(values)
        self.chosen, self.first, self.last = values["when"], values["from"], values["to"]

    @classmethod
    def parameters(cls) -> tuple[str, ...]:
        return cls.PARAMETERS

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(self.PARAMETERS)

    def chips(self) -> Chips:
        usual = period.PRESETS.get(self.chosen, self.chosen).lower()
        ends = (self._end_words(period.preset, self.chosen), self._end_words(period.between, "", self.last))
        words = (f"{usual}{ends[0]}", f"from {self.first}" if self.first else "", f"to {self.last}{ends[1]}" if self.last else "")
        return [(word, name) for word, name in zip(words, self.PARAMETERS, strict=True) if word]

    def _end_words(self, read: Callable[..., Period], *text: str) -> str:
        """When exactly it ends, of a period that does."""
        try:
            exactly = period.words(read(*text, timezone.now()))
        except ValueError:
            return ""
        return f" ({exactly})" if exactly else ""

    def choices(self, changelist: ChangeList) -> Iterator[Option]:
        yield Option(value="", display="Any time", selected=self.chosen not in period.PRESETS)
        for value, display in period.PRESETS.items():
            yield Option(value=value, display=display, selected=self.chosen == value)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Row]) -> QuerySet[Row]:
        wanted, column = self._period(), self.column_of(queryset)
        if wanted.start:
            queryset = queryset.filter(**{f"{column}__gte": wanted.start})
        return queryset.filter(**{f"{column}__lt": wanted.end}) if wanted.end else queryset

    def column_of(self, rows: QuerySet[Row]) -> str:
        return self.column

    def _period(self) -> Period:
        now = timezone.now()
        if self.chosen and self.chosen not in period.PRESETS:
            self.problem = f"{quoted(self.chosen)} is no period that this list knows. Known are: {', '.join(period.PRESETS)}."
        try:
            return period.both(period.preset(self.chosen, now), period.between(self.first, self.last, now))
        except ValueError as error:
            self.problem = str(error)
            return Period(None, None)
