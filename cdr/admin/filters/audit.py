"""The filters of the audit log.

Owns what each means in columns of an entry."""

from cdr.admin.filters.kinds import BeginningFilter, ColumnFilter, PeriodFilter
from cdr.pure.acts import Act


class TimeFilter(PeriodFilter):
    column = "at"


class PersonFilter(BeginningFilter):
    title = "user name"
    parameter_name = column = "by"


class ActFilter(ColumnFilter):
    title = "act"
    parameter_name = column = "act"
    CHOICES = {act.value: act.value for act in Act}


AUDIT_FILTERS = (TimeFilter, PersonFilter, ActFilter)
