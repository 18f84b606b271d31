"""How many rows have come since a list was read: for its page, which asks while somebody looks at it.

Owns the address and the bounds. What asks, and how often, is static/cdr/news.js."""

from typing import cast
from urllib.parse import parse_qsl, urlencode

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse

from cdr.admin.additions import Additions, OwnPage
from cdr.admin.lists.records import AFTER, RecordAdmin, RecordList
from cdr.admin.lists.totals import at_most, ran_out
from cdr.pure import keyset

MOST = 99
WITHIN_MS = 500
"""Then it is said that nobody knows: a list that is dear to count is not counted every few seconds."""


class HasNews(RecordAdmin):
    """A list that is read from its newest row on, and says when there are newer ones."""

    def news_address(self, listed: RecordList) -> str:
        place = keyset.written(listed.keys.place(listed.result_list[0])) if listed.result_list else ""
        return f"{self.own_url('news')}?{urlencode([*parse_qsl(listed.selection), (AFTER, place)])}"

    def news_view(self, request: HttpRequest) -> HttpResponse:
        """GET, the list's own query and `after`, the place of its first row. `new`: how many, None where that is not known; `more`: and
        more than that."""
        self.require_view_permission(request)
        query = urlencode([(name, value) for name, value in request.GET.items() if name != AFTER])
        listed = cast(RecordList, self.listed_at(request, query)[1])
        count = 0 if listed.problems else _newer(listed, request.GET.get(AFTER, ""))
        return JsonResponse({"new": count and min(count, MOST), "more": bool(count and count > MOST)})

    adds = Additions(pages=(OwnPage("news", "news/", news_view),))


def _newer(listed: RecordList, place: str) -> int | None:
    rows = listed.queryset
    try:
        if place:
            rows = rows.filter(listed.keys.beyond(keyset.read_place(place, timed=listed.keys.time is not None), newer=True))
        with at_most(WITHIN_MS):
            return len(rows.order_by().values("pk")[: MOST + 1])
    except ValueError:
        return None
    except OperationalError as error:
        if not ran_out(error):
            raise
        return None
