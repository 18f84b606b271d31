"""The filters of the list of users.

Owns what each means in columns of a user."""

from django.contrib.auth.models import Group
from django.db.models import QuerySet

from cdr.admin.filters.kinds import ChoiceFilter, Row


class FlagFilter(ChoiceFilter):
    """A column that is true or false."""

    column = ""
    CHOICES = {"yes": "Yes", "no": "No"}

    def narrowed(self, rows: QuerySet[Row], value: str) -> QuerySet[Row]:
        return rows.filter(**{self.column: value == "yes"})


class IsStaffFilter(FlagFilter):
    title = "staff status"
    parameter_name = "staff"
    column = "is_staff"


class IsSuperuserFilter(FlagFilter):
    title = "superuser status"
    parameter_name = "superuser"
    column = "is_superuser"


class IsActiveFilter(FlagFilter):
    title = "active"
    parameter_name = "active"
    column = "is_active"


class GroupFilter(ChoiceFilter):
    title = "group"
    parameter_name = "group"

    def offered(self) -> list[tuple[str, str]]:
        return [(str(key), name) for key, name in Group.objects.order_by("name").values_list("pk", "name")]

    def narrowed(self, rows: QuerySet[Row], value: str) -> QuerySet[Row]:
        return rows.filter(groups=int(value))


STAFF_FILTERS = (IsStaffFilter, IsSuperuserFilter, IsActiveFilter, GroupFilter)
