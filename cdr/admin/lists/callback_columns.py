"""The columns of a list of status callbacks, the console's and the desk's.

Owns what stands in each. Must not know who may see which."""

from django.contrib import admin
from django.utils.safestring import SafeString

from cdr.admin.lists.markup import badge_html, code_link
from cdr.admin.lists.records import RecordAdmin
from cdr.pages.callback import next_try_words
from cdr.pure.badges import callback_badge
from cdr.pure.figures import NOTHING, moment
from streams.models import Callback, CallbackState


class CallbackColumns(RecordAdmin):
    @admin.display(description="Created (UTC)")
    def created(self, callback: Callback) -> str:
        return moment(callback.created_at)

    @admin.display(description="Stream")
    def stream_link(self, callback: Callback) -> SafeString:
        url = self.site_url("cdr_streamdetail_change", callback.stream.uuid)
        return code_link(url, callback.stream.uuid.hex[:8], str(callback.stream.uuid))

    @admin.display(description="State")
    def state_badge(self, callback: Callback) -> SafeString:
        return badge_html(callback_badge(callback.state))

    @admin.display(description="Next try (UTC)")
    def next_try(self, callback: Callback) -> str:
        return next_try_words(callback) if callback.state == CallbackState.PENDING else NOTHING

    @admin.display(description="Finished (UTC)")
    def finished(self, callback: Callback) -> str:
        return moment(callback.finished_at)
