"""The filters of the list of refused attempts.

Owns what each means in columns of a refusal."""

from cdr.admin.filters.kinds import BeginningFilter, ColumnFilter, PeriodFilter
from cdr.pure.refusal_words import WORDS


class LastFilter(PeriodFilter):
    column = "last_at"


class RefusalReasonFilter(ColumnFilter):
    title = "reason"
    parameter_name = column = "reason"
    CHOICES = {reason: word for reason, (word, _, _) in WORDS.items()}


class NameFilter(BeginningFilter):
    """Also of a name that is no gateway's."""

    title = "gateway"
    parameter_name = "gateway"
    column = "name"


REFUSAL_FILTERS = (LastFilter, RefusalReasonFilter, NameFilter)
