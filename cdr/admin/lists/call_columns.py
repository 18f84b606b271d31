"""The columns of a list of calls, the console's and the desk's.

Owns what stands in each. Must not know who may see which."""

from datetime import datetime

from django.contrib import admin
from django.utils import timezone
from django.utils.safestring import SafeString

from cdr.admin.lists.markup import badge_html, badges_html
from cdr.admin.lists.records import RecordAdmin
from cdr.models import CallDetail
from cdr.pages.stream import charges_of
from cdr.pure.badges import call_badge, cause_badge, reason_badge
from cdr.pure.billing import totals
from cdr.pure.figures import NOTHING, duration, elapsed_seconds, moment, money
from cdr.pure.masking import masked


class CallColumns(RecordAdmin):
    time_head = "Started"

    def time_of(self, row: CallDetail) -> datetime:
        return row.started_at

    @admin.display(description="Started (UTC)")
    def started(self, call: CallDetail) -> str:
        return moment(call.started_at)

    @admin.display(description="From")
    def caller(self, call: CallDetail) -> str:
        return call.from_number or NOTHING

    @admin.display(description="To")
    def called(self, call: CallDetail) -> str:
        return call.to_number or NOTHING

    @admin.display(description="From")
    def masked_caller(self, call: CallDetail) -> str:
        return masked(call.from_number) or NOTHING

    @admin.display(description="To")
    def masked_called(self, call: CallDetail) -> str:
        return masked(call.to_number) or NOTHING

    @admin.display(description="Duration")
    def lasted(self, call: CallDetail) -> str:
        return duration(elapsed_seconds(call.started_at, call.ended_at or timezone.now()))

    @admin.display(description="Streams")
    def stream_count(self, call: CallDetail) -> int:
        return len(call.streams.all())

    @admin.display(description="Hangup reasons")
    def reasons(self, call: CallDetail) -> SafeString:
        """Those of its streams; of a call that an error ended, its cause too."""
        reasons = {stream.hangup_reason for stream in call.streams.all()}
        cause = cause_badge(call.hangup_cause_code, call.hangup_cause_name, call.hangup_source)
        return badges_html(filter(None, (*map(reason_badge, sorted(reasons)), cause)))

    @admin.display(description="Billed")
    def billed(self, call: CallDetail) -> str:
        sums = totals((charge.amount, charge.currency) for charge in charges_of(call.streams.all()))
        return ", ".join(money(amount, currency) for currency, amount in sums.items()) or NOTHING

    @admin.display(description="State")
    def state_badge(self, call: CallDetail) -> SafeString:
        return badge_html(call_badge(call.state))

    @admin.display(description="Account")
    def account_name(self, call: CallDetail) -> str:
        return call.account.name

    @admin.display(description="Direction")
    def direction_words(self, call: CallDetail) -> str:
        return call.direction

    @admin.display(description="Gateway")
    def gateway_name(self, call: CallDetail) -> str:
        return call.gateway.name if call.gateway else NOTHING

    @admin.display(description="Application")
    def application_name(self, call: CallDetail) -> str:
        return call.application.name if call.application else NOTHING
