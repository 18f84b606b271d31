"""The desk's list of streams, the page of a stream, its debug log, and the stopping of a live one by a manager.

Owns the columns and the addresses. What the pages show is cdr.pages'."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone

from cdr.admin import acts
from cdr.admin.additions import Additions, Door, OwnPage, Where
from cdr.admin.debug_logs import Logged
from cdr.admin.heard import Heard
from cdr.admin.lists.column_choice import ChoosesColumns
from cdr.admin.lists.exporting import Sheet
from cdr.admin.lists.questions import Asking
from cdr.admin.lists.records import RecordAdmin, found
from cdr.admin.lists.stream_columns import StreamColumns
from cdr.admin.lists.totals import TOTALS, Totalled
from cdr.admin.streams import stop_question
from cdr.audit import Actor
from cdr.desk.exporting import DeskExported
from cdr.desk.filters import STREAM_FILTERS
from cdr.desk.records import DeskList, desk_actor, scope_here
from cdr.desk.search import searched
from cdr.desk.site import desk
from cdr.desk.url_tests import door_to_test
from cdr.desk_logs import stream_log_at_desk
from cdr.desk_scope import one_named
from cdr.models import StreamDetail
from cdr.pages.columns import STREAM_COLUMNS_OUTSIDE
from cdr.pages.costs import note_costs
from cdr.pages.for_outside import card_for_outside, stream_for_outside
from cdr.pages.log.subject import DebugLog
from cdr.pages.stream import charges_of, shown_streams
from cdr.pages.stream_card import StreamCard, card
from cdr.pages.stream_page import page_of_stream
from streams import control
from streams.models import Stream


class DeskStreamList(Totalled, DeskList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        note_costs(cast(Sequence[Stream], self.result_list), timezone.now())


@admin.register(StreamDetail, site=desk)
class DeskStreams(ChoosesColumns, DeskExported, Logged, Heard, Asking, StreamColumns):
    address = "streams"
    live_at = "/desk/live/"
    heard_outside = True
    named_by = "uuid"
    list_columns = ("start", "short_uuid", "call_link", "host", "lasted", "rounded", "billed", "reason", "state_badge", "degraded")
    more_columns = ("slowest_response", "attempts", "close_words")
    list_filter = STREAM_FILTERS
    list_select_related = ("call", "account", "charge", "conversation")
    ordering = ("-requested_at", "-id")
    sheet = Sheet(
        STREAM_COLUMNS_OUTSIDE, lambda stream: (stream.call.from_number, stream.call.to_number), lambda stream: charges_of([stream])
    )
    turned_by = (*RecordAdmin.turned_by, TOTALS)
    search_help_text = "UUID, number or host; with a time: 4711 14:02"
    ACTS = frozenset({"stop"})
    OWN_ACTS = DeskExported.OWN_ACTS | {"columns"}

    def get_changelist(self, request: HttpRequest, **kwargs: object) -> type[DeskList]:
        return DeskStreamList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("conversation__course")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        return searched(scope_here(request), queryset, search_term), False

    def address_of_call(self, stream: Stream) -> str:
        return self.site_url("cdr_calldetail_change", stream.call.uuid)

    def find_log(self, request: HttpRequest, key: str) -> DebugLog | None:
        return stream_log_at_desk(scope_here(request), key)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        stream = self._find(request, object_id)
        page = self.shown(request, page_of_stream(stream, timezone.now(), outside=True) if stream else None, "stream")
        doors = {"doors": self.doors(Where.RECORD, request, page.card), "doors_below": self.doors(Where.BELOW, request, page.card)}
        recording = self.recording_shown(request, self.find_heard(request, page.card.key))
        context = self.page_context(request, f"Stream {page.card.uuid}", page=page, stream=page.card, recording=recording, **doors)
        return TemplateResponse(request, "admin/cdr/stream.html", context)

    def hears(self, request: HttpRequest) -> bool:
        return True

    def find_heard(self, request: HttpRequest, key: str) -> Stream | None:
        """Of accounts for which the operator has said that their people may listen."""
        return one_named(scope_here(request).rows(Stream).filter(account__customers_listen=True).order_by(), key)

    def hearer(self, request: HttpRequest) -> Actor:
        return desk_actor(request)

    def _find(self, request: HttpRequest, key: str) -> Stream | None:
        return one_named(shown_streams(scope_here(request).rows(Stream)).order_by(), key)

    def stop_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """GET asks, POST does. Only for managers of its account."""
        stream = found(self._find(request, key), "stream")
        return self.acted(request, stream.account_id, lambda: self._ask_to_stop(request, stream), lambda: self._stop(request, stream))

    def _ask_to_stop(self, request: HttpRequest, stream: Stream) -> HttpResponse:
        note_costs([stream], timezone.now())
        shown = card_for_outside(card(stream_for_outside(stream), timezone.now()))
        question = stop_question(shown, self.address_of_call(stream))
        return self.asked(request, question, stream=shown, crumb=str(shown.uuid))

    def _stop(self, request: HttpRequest, stream: Stream) -> HttpResponse:
        try:
            acts.stop(stream, desk_actor(request))
            messages.success(request, f"The stream {stream.uuid} was asked to stop. It ends within seconds, with the reason “API request”.")
        except control.NotLive as error:
            messages.warning(request, f"{error} Nothing was done.")
        return HttpResponseRedirect(self.address_of_call(stream))

    def _act_doors(self, request: HttpRequest, stream: StreamCard) -> Iterator[Door]:
        if stream.live and scope_here(request).manages(stream.account_key):
            yield Door("Stop…", self.own_url("stop", stream.uuid), bad=True)

    def _doors_below(self, request: HttpRequest, stream: StreamCard) -> Iterator[Door]:
        account = scope_here(request).managed_account(stream.account_key)
        if account is not None:
            yield door_to_test(self, account, stream=str(stream.uuid))

    adds = Additions(pages=(OwnPage("stop", "<slug:key>/stop/", stop_view),), doors={Where.RECORD: _act_doors, Where.BELOW: _doors_below})
