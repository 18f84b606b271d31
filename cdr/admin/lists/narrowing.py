"""The lists of calls and of streams, as facts of streams narrow them: both read unusual streams from the narrow indexes.

A call is shown when one of its streams is all that is asked for. Where that is something unusual, the calls are not searched: their streams
are, in the order of their calls. Owns that choice; which facts are unusual is streams.models' UNUSUAL and the filters'."""

from collections.abc import Sequence
from typing import cast

from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from cdr.admin.additions import Door
from cdr.admin.lists.paging import Keyset
from cdr.admin.lists.records import RecordList
from cdr.admin.lists.search import matching, names_a_host, search_problem, searched_in_words, sought
from cdr.admin.lists.totals import Totalled
from cdr.pages.costs import note_costs
from cdr.pure.keyset import Place
from streams.models import UNUSUAL, Stream

BY_CALL = Keyset("call_started_at", "call_id")
MOST_DOORS = 5


class SearchedList(RecordList):
    """Says how the search was read, and why it cannot be meant."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> QuerySet[Model]:
        rows = super().get_queryset(request, exclude_parameters)
        if problem := search_problem(request, self.query):
            self.problems.append(problem)
        return rows.none() if problem else rows

    @property
    def how_searched(self) -> str:
        return searched_in_words(self.request, self.query) if self.query.strip() and not self.problems else ""

    @property
    def named_doors(self) -> list[Door]:
        """To what is named as the search is, for those who may see it."""
        named = sought(self.request, self.query).named if self.query.strip() and not self.problems else ()
        return [
            Door(f"{kind.capitalize()} {name}", reverse(f"admin:streams_{kind}_change", args=[key]))
            for kind, key, _, name in named
            if self.request.user.has_perm(f"streams.view_{kind}")
        ][:MOST_DOORS]


class StreamChangeList(Totalled, SearchedList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        note_costs(cast(Sequence[Stream], self.result_list), timezone.now())

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> QuerySet[Model]:
        streams = super().get_queryset(request, exclude_parameters)
        return streams.filter(UNUSUAL) if any(spec.unusual for spec in self.narrowings) else streams


class CallChangeList(Totalled, SearchedList):
    """`streams`: the ones that say which calls are shown, when the list is read from them."""

    streams: QuerySet[Stream] | None

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> QuerySet[Model]:
        self.streams = None
        calls = super().get_queryset(request, exclude_parameters)
        if self.problems:
            return calls
        by_streams = any(spec.unusual or (spec.by_streams and spec.chips()) for spec in self.narrowings)
        if by_streams or names_a_host(request, self.query):
            self.streams = self.streams_meant(request)
            return calls.filter(pk__in=self.streams.values("call_id"))
        facts = [fact for spec in self.narrowings if (fact := spec.fact())]
        return calls.filter(Exists(Stream.objects.filter(*facts, call=OuterRef("pk")).order_by())) if facts else calls

    def fetched(self, place: Place | None, newer: bool, count: int) -> list[Model]:
        if self.streams is None:
            return super().fetched(place, newer, count)
        streams = self.streams.filter(BY_CALL.beyond(place, newer=newer)) if place else self.streams
        nearest = BY_CALL.ordered(streams, ascending=newer).values("call_id").distinct()[:count]
        return list(self.keys.ordered(self.apply_select_related(self.root_queryset.filter(pk__in=nearest)), ascending=newer))

    def streams_meant(self, request: HttpRequest) -> QuerySet[Stream]:
        """By everything that narrows the list: of the calls that are shown, the streams for which they are."""
        streams = Stream.objects.order_by()
        if any(spec.unusual for spec in self.narrowings):
            streams = streams.filter(UNUSUAL)
        for spec in self.narrowings:
            streams = spec.queryset(request, streams)
        return matching(request, streams, self.query, by_call=True)
