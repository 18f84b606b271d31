"""The filters of the lists of alerts and of their messages.

Owns what each means in columns of theirs."""

from django.db.models import Q, QuerySet

from cdr.admin.filters.calls_and_streams import AccountFilter
from cdr.admin.filters.kinds import BeginningFilter, ChoiceFilter, ColumnFilter, PeriodFilter, Row
from cdr.alert_rows import MessageState
from cdr.pure.alerts.kinds import AlertKind
from streams.models import Account


class OpenedFilter(PeriodFilter):
    column = "opened_at"


class AlertStateFilter(ChoiceFilter):
    title = "state"
    parameter_name = "state"
    MEANING = {
        "open": ("open", Q(closed_at=None)),
        "unseen": ("open, in nobody's hands", Q(closed_at=None, acknowledged_at=None)),
        "closed": ("closed", Q(closed_at__isnull=False)),
    }

    def offered(self) -> list[tuple[str, str]]:
        return [(word, display) for word, (display, _) in self.MEANING.items()]

    def narrowed(self, rows: QuerySet[Row], value: str) -> QuerySet[Row]:
        return rows.filter(self.MEANING[value][1])


class AlertKindFilter(ColumnFilter):
    title = "kind"
    parameter_name = column = "kind"
    CHOICES = {kind.value: kind.value.replace("_", " ") for kind in AlertKind}


class RuleFilter(BeginningFilter):
    title = "rule"
    rare = True
    parameter_name = "rule"
    column = "title"


class AboutAccountFilter(AccountFilter):
    """Also what is about one of its gateways. An alert about a host for all accounts is no account's."""

    def narrowed(self, rows: QuerySet[Row], value: str) -> QuerySet[Row]:
        whose = Account.objects.filter(auth_id=value).values("pk")
        return rows.filter(Q(account__in=whose) | Q(gateway__account__in=whose))


class MadeFilter(PeriodFilter):
    column = "created_at"


class MessageStateFilter(ColumnFilter):
    title = "state"
    parameter_name = column = "state"
    CHOICES = {state.value: str(state.label) for state in MessageState}


class PlaceFilter(BeginningFilter):
    title = "place"
    parameter_name = "place"
    column = "channel__name"


ALERT_FILTERS = (OpenedFilter, AlertStateFilter, AlertKindFilter, AboutAccountFilter, RuleFilter)
MESSAGE_FILTERS = (MadeFilter, MessageStateFilter, PlaceFilter)
