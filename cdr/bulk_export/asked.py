"""What a bulk export holds: calls or streams of a period and perhaps of one account, the oldest first, from any place on.

Owns the order, which an index has, so that no part costs more than the first. The columns are those of the console's exports."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Prefetch, Q, QuerySet

from cdr.exports import Selection
from cdr.pages.columns import CALL_COLUMNS, STREAM_COLUMNS, Column
from cdr.pure.keyset import Place
from streams.models import Account, Call, Stream


class RecordKind(NamedTuple):
    """`time`: the column they are sorted by."""

    time: str
    columns: tuple[Column, ...]
    numbers_of: Callable[[Any], tuple[str, str]]
    rows: Callable[[], QuerySet[Any]]


def _calls() -> QuerySet[Any]:
    streams = Stream.objects.only("call_id", "hangup_reason").order_by()
    return Call.objects.select_related("account", "gateway", "application").prefetch_related(Prefetch("streams", streams))


def _streams() -> QuerySet[Any]:
    return Stream.objects.select_related("call", "account", "charge", "conversation").defer("conversation__course")


KINDS = {
    "calls": RecordKind("started_at", CALL_COLUMNS, lambda call: (call.from_number, call.to_number), _calls),
    "streams": RecordKind("requested_at", STREAM_COLUMNS, lambda stream: (stream.call.from_number, stream.call.to_number), _streams),
}


class Asked(NamedTuple):
    """From `start` on (None: from the first), before `end`. `whole_numbers`: numbers are not masked."""

    of: str
    start: datetime | None
    end: datetime
    account: Account | None = None
    whole_numbers: bool = True

    @property
    def kind(self) -> RecordKind:
        return KINDS[self.of]

    def rows(self) -> QuerySet[Any]:
        time = self.kind.time
        narrowed = Q(**{f"{time}__lt": self.end})
        if self.start is not None:
            narrowed &= Q(**{f"{time}__gte": self.start})
        if self.account is not None:
            narrowed &= Q(account=self.account)
        return self.kind.rows().filter(narrowed)

    def beyond(self, place: Place | None, count: int) -> list[Any]:
        """The next rows after that place."""
        time, rows = self.kind.time, self.rows()
        if place is not None:  # the first condition is for the index, the second for rows of the same time
            rows = rows.filter(Q(**{f"{time}__gte": place.at}) & (Q(**{f"{time}__gt": place.at}) | Q(pk__gt=place.key)))
        return list(rows.order_by(time, "pk")[:count])

    def place_of(self, row: Any) -> Place:
        return Place(getattr(row, self.kind.time), key=row.pk)

    def selection(self) -> Selection:
        """As the writers of the console's exports take it; secrets in URLs are hidden."""
        return Selection(self.rows(), lambda count: iter(()), self.kind.columns, self.kind.numbers_of, self.whole_numbers)

    def in_words(self) -> str:
        """What has to be the same for one that goes on."""
        since = f"{self.start:%Y-%m-%d %H:%M:%S} UTC" if self.start else "the first"
        account = f" of {self.account.auth_id}" if self.account else ""
        numbers = "" if self.whole_numbers else ", numbers masked"
        columns = f", {len(self.kind.columns)} columns"  # those of another version would not fit below them
        return f"{self.of}{account} from {since} to {self.end:%Y-%m-%d %H:%M:%S.%f} UTC{numbers}{columns}"
