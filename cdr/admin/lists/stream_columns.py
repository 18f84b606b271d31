"""The columns of a list of streams, the console's and the desk's.

Owns what stands in each. Must not know who may see which."""

from datetime import datetime

from django.contrib import admin
from django.utils import timezone
from django.utils.safestring import SafeString

from cdr.admin.lists.markup import badge_html, code_link, quiet
from cdr.admin.lists.records import RecordAdmin
from cdr.models import StreamDetail
from cdr.pages.costs import cost_so_far
from cdr.pages.stream import charge_of, lasted_seconds
from cdr.pure.badges import degraded_badge, reason_badge, stream_badge
from cdr.pure.closing import closed_by
from cdr.pure.figures import NOTHING, duration, moment, money, seconds_count, short_host, spoken_ms
from streams.models import Stream
from streams.pure.customer.close_codes import code_words


class StreamColumns(RecordAdmin):
    time_head = "Start"

    def time_of(self, row: StreamDetail) -> datetime:
        """Of one that never began when it was asked for, which its first column has in brackets."""
        return row.started_at or row.requested_at

    @admin.display(description="Start (UTC)")
    def start(self, stream: StreamDetail) -> str | SafeString:
        if stream.started_at:
            return moment(stream.started_at)
        return quiet(f"({moment(stream.requested_at)})", "When it was requested: no packet was sent")

    @admin.display(description="Stream")
    def short_uuid(self, stream: StreamDetail) -> SafeString:
        url = self.own_url("change", stream.uuid)
        return code_link(url, stream.uuid.hex[:8], str(stream.uuid))

    @admin.display(description="Call")
    def call_link(self, stream: StreamDetail) -> SafeString:
        url = self.address_of_call(stream)
        return code_link(url, stream.call.uuid.hex[:8], str(stream.call.uuid))

    @admin.display(description="Service host")
    def host(self, stream: StreamDetail) -> str:
        return short_host(stream.service_url)

    @admin.display(description="Duration")
    def lasted(self, stream: StreamDetail) -> str:
        return duration(lasted_seconds(stream, timezone.now()))

    @admin.display(description="Rounded")
    def rounded(self, stream: StreamDetail) -> str:
        charge = charge_of(stream)
        return seconds_count(charge.billed_seconds if charge else None)

    @admin.display(description="Billed")
    def billed(self, stream: StreamDetail) -> str | SafeString:
        charge = charge_of(stream)
        if charge:
            return money(charge.amount, charge.currency)
        so_far, _, a_minute = cost_so_far(stream).partition(", ")
        return quiet(so_far, a_minute) if so_far else NOTHING

    @admin.display(description="Hangup reason")
    def reason(self, stream: StreamDetail) -> SafeString:
        code = f"Closed by {closed_by(stream.end_cause, opened=True)}: {code_words(stream.close_code)}" if stream.close_code else ""
        return badge_html(reason_badge(stream.hangup_reason), code)

    @admin.display(description="State")
    def state_badge(self, stream: StreamDetail) -> SafeString:
        return badge_html(stream_badge(stream.state, stream.started_at is not None))

    @admin.display(description="Degraded")
    def degraded(self, stream: StreamDetail) -> SafeString:
        return badge_html(degraded_badge(stream.degraded_percent))

    @admin.display(description="Slowest response")
    def slowest_response(self, stream: StreamDetail) -> str:
        """Of the bot, to what the caller said."""
        talk = getattr(stream, "conversation", None)
        return NOTHING if talk is None or talk.response_longest_ms is None else spoken_ms(talk.response_longest_ms)

    @admin.display(description="Account")
    def account_name(self, stream: StreamDetail) -> str:
        return stream.account.name

    @admin.display(description="Attempts")
    def attempts(self, stream: StreamDetail) -> int:
        """To connect."""
        return stream.connect_attempts

    @admin.display(description="WebSocket close code")
    def close_words(self, stream: StreamDetail) -> str:
        return code_words(stream.close_code) if stream.close_code else NOTHING

    def address_of_call(self, stream: Stream) -> str:
        return self.site_url("cdr_calldetail_change", stream.call_id)
