"""The page that puts two streams side by side, and the ways to it: two ticked in the list, or one and the yardstick that is offered.

Owns the address and what is said when there is nothing to compare. What is compared is cdr.pages.log.comparison's."""

from collections.abc import Iterator
from typing import Protocol
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone

from cdr.admin.additions import Additions, Context, Door, OwnPage, Where
from cdr.admin.lists.records import RecordAdmin
from cdr.pages.log.comparison import better_first, both_found, compared, yardstick_of
from streams.models import Stream

LONGEST_KEY = 100


class OneStream(Protocol):
    """A stream, or its debug log."""

    @property
    def uuid(self) -> UUID: ...


class Comparable(RecordAdmin):
    """Streams of which two can be put side by side."""

    @admin.action(description="Compare two streams", permissions=["view"])
    def compare_selected(self, request: HttpRequest, queryset: QuerySet[Stream]) -> HttpResponse | None:
        chosen = list(queryset[:3])
        if len(chosen) != 2:
            count = "only one is" if len(chosen) == 1 else "more are"
            messages.error(request, f"Tick exactly two streams to compare them: {count} ticked.")
            return None
        a, b = better_first(chosen)
        return HttpResponseRedirect(f"{self.own_url('compare')}?{urlencode({'a': a.uuid, 'b': b.uuid})}")

    def compare_view(self, request: HttpRequest) -> HttpResponse:
        """Of ?a=...&b=..., each by uuid or number in the table. With one of them only, offers another."""
        self.require_view_permission(request)
        keys = (request.GET.get("a", "")[:LONGEST_KEY], request.GET.get("b", "")[:LONGEST_KEY])
        a, b = both_found(keys)
        content: Context = {"key_a": a.uuid if a else keys[0], "key_b": b.uuid if b else keys[1], "problem": _problem(keys, a, b)}
        if a and b and a != b:
            content["comparison"] = compared(a, b, timezone.now(), whole_numbers=self.may_see_numbers(request))
        elif known := a or b:
            content |= {"known": known.uuid, "yardstick": yardstick_of(known)}
        return TemplateResponse(request, "admin/cdr/compare.html", self.page_context(request, "Compare two streams", **content))

    def _door_to_compare(self, request: HttpRequest, stream: OneStream) -> Iterator[Door]:
        yield Door("Compare with…", f"{self.own_url('compare')}?a={stream.uuid}")

    adds = Additions(
        pages=(OwnPage("compare", "compare/", compare_view),),
        doors={Where.BELOW: _door_to_compare, Where.LOG: _door_to_compare},
        actions=("compare_selected",),
    )


def _problem(keys: tuple[str, str], a: Stream | None, b: Stream | None) -> str:
    """What is wrong with what was asked for, "" when nothing is, or when one stream is still to be chosen."""
    unknown = [name for name, key, stream in zip("AB", keys, (a, b), strict=True) if key.strip() and stream is None]
    if unknown:
        return f"There is no such stream: {' and '.join(unknown)}. Give the whole UUID of a stream, not of its call."
    if a and a == b:
        return "A and B are the same stream. Choose another one to compare it with."
    return ""
