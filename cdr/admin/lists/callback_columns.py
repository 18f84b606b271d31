"""The columns of a list of status callbacks, the console's and the desk's.

Owns what stands in each. Must not know who may see which."""

from datetime import datetime
from typing import Any, Protocol

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.safestring import SafeString

from cdr.admin.lists.markup import badge_html, code_link
from cdr.admin.lists.records import RecordAdmin
from cdr.pages.callback import next_try_words
from cdr.pure.badges import callback_badge
from cdr.pure.figures import NOTHING, moment
from streams.models import Callback, CallbackAttempt, CallbackState


class AnsweredCallback(Protocol):
    """A callback as the lists read one."""

    state: str
    tries: int
    last_status: int | None


def with_last_answers(callbacks: QuerySet[Callback]) -> QuerySet[Any]:
    """Each with how its last try was answered: a look into an index for each that is shown."""
    last = CallbackAttempt.objects.filter(callback=OuterRef("pk")).order_by("-number").values("status")[:1]
    return callbacks.annotate(last_status=Subquery(last))


class CallbackColumns(RecordAdmin):
    time_head = "Created"

    def time_of(self, row: Callback) -> datetime:
        return row.created_at

    @admin.display(description="Created (UTC)")
    def created(self, callback: Callback) -> str:
        return moment(callback.created_at)

    @admin.display(description="Stream")
    def stream_link(self, callback: Callback) -> SafeString:
        url = self.site_url("cdr_streamdetail_change", callback.stream.uuid)
        return code_link(url, callback.stream.uuid.hex[:8], str(callback.stream.uuid))

    @admin.display(description="State")
    def state_badge(self, callback: AnsweredCallback) -> SafeString:
        return badge_html(callback_badge(callback.state, callback.tries, callback.last_status))

    @admin.display(description="Last answer")
    def last_answer(self, callback: AnsweredCallback) -> str:
        if callback.last_status is not None:
            return f"HTTP {callback.last_status}"
        return "none" if callback.tries else NOTHING

    @admin.display(description="Account")
    def account_name(self, callback: Callback) -> str:
        return callback.account.name

    @admin.display(description="Next try (UTC)")
    def next_try(self, callback: Callback) -> str:
        return next_try_words(callback) if callback.state == CallbackState.PENDING else NOTHING

    @admin.display(description="Finished (UTC)")
    def finished(self, callback: Callback) -> str:
        return moment(callback.finished_at)
