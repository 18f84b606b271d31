"""Who may use the console: Django's own users and groups, each change written into the audit log, and who has a second factor.

Owns the two lists, and where what stands in their forms; what those say is staff_form's. What nobody may give or touch is cdr.admin.ranks'
rule, held here for every way to a row: its form, its password, its second factor, its deletion."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Exists, ManyToManyField, Model, OuterRef, QuerySet
from django.forms import CheckboxSelectMultiple, ModelMultipleChoiceField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.safestring import SafeString
from django_otp.plugins.otp_totp.models import TOTPDevice

from cdr import audit
from cdr.admin import ranks
from cdr.admin.additions import Additions, Context, Door, OwnPage, Where
from cdr.admin.audited import Audited
from cdr.admin.entry.visitor import visitor
from cdr.admin.filters.staff import STAFF_FILTERS
from cdr.admin.lists.markup import named_link
from cdr.admin.lists.questions import Asking, Question
from cdr.admin.overview import WithOverview
from cdr.admin.permission_choices import PermissionField, TickedPermissions
from cdr.admin.site import console
from cdr.admin.staff_form import NewStaffForm, StaffForm, StaffPasswordForm
from cdr.admin.understood import UnderstoodList
from cdr.pages.user import user_page
from cdr.pure.acts import Act
from cdr.pure.figures import NOTHING, moment
from cdr.sign_in import second_factor, sessions

MAY_CHANGE = "auth.change_user"


class ListedUser(Protocol):
    """A user as this admin reads one."""

    pk: int
    second_factor: bool


class Ranked(Audited):
    """Rows that somebody who stands below them reads and does not touch; who changes them has just confirmed that it is him."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Context | None = None
    ) -> HttpResponse:
        return self._written(request, lambda: super(Ranked, self).changeform_view(request, object_id, form_url, extra_context))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Context | None = None) -> HttpResponse:
        return self._written(request, lambda: super(Ranked, self).delete_view(request, object_id, extra_context))

    def changelist_view(self, request: HttpRequest, extra_context: Context | None = None) -> HttpResponse:
        return self._written(request, lambda: super(Ranked, self).changelist_view(request, extra_context))

    def _written(self, request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
        """A page that is looked at, and who may write nothing here, are Django's."""
        may_write = self.has_add_permission(request) or self.has_change_permission(request) or self.has_delete_permission(request)
        return self.after_confirming(request, view) if request.method == "POST" and may_write else view()

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or not ranks.above(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or not ranks.above(request.user, obj))

    def formfield_for_manytomany(
        self, db_field: "ManyToManyField[Any, Any]", request: Any = None, **kwargs: Any
    ) -> "ModelMultipleChoiceField[Any] | None":
        """Of permissions and groups those that the visitor may give. What a row has beyond them makes it read-only: none is lost."""
        if db_field.related_model is Permission:
            given = {"queryset": ranks.grantable_permissions(request.user), "form_class": PermissionField, "widget": TickedPermissions}
        else:
            given = {"queryset": ranks.grantable_groups(request.user), "widget": CheckboxSelectMultiple}
        return super().formfield_for_manytomany(db_field, request, **{**kwargs, **given})


@admin.register(User, site=console)
class StaffAdmin(WithOverview, Ranked, Asking, UserAdmin):  # type: ignore[type-arg]  # Django's class takes no parameters at run time
    overview_template = "admin/cdr/user.html"
    add_form_template = "admin/cdr/user_add.html"
    change_user_password_template = "admin/cdr/user_password.html"
    form, add_form, change_password_form = StaffForm, NewStaffForm, StaffPasswordForm
    list_filter = STAFF_FILTERS
    filter_horizontal = ()
    list_display = ("username", "kind", "group_names", "factor", "email", "last_sign_in")
    search_help_text = "Name or mail address"

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only superusers make superusers."""
        return () if request.user.is_superuser else ("is_superuser",)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Folded is what few have: permissions beside those of their groups."""
        if obj is None:
            return super().get_fieldsets(request, obj)
        own = obj.user_permissions.count() or "none"
        return (
            (None, {"fields": ("username", "email", "first_name", "last_name")}),
            ("What they may do", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
            (f"Permissions of their own: {own}", {"fields": ("user_permissions",), "classes": ("collapse",)}),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        has_one = Exists(TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True))
        users: QuerySet[User] = super().get_queryset(request).annotate(second_factor=has_one)
        return users.prefetch_related("groups")

    def overview(self, request: HttpRequest, row: Any) -> Context:
        codes_left = second_factor.recovery_codes_left(row) if row.second_factor else None
        return {"page": user_page(row, list(sessions.sessions_of(row)), codes_left)}

    @admin.display(description="Is", ordering="is_staff")
    def kind(self, user: User) -> str:
        words = "superuser" if user.is_superuser else "staff" if user.is_staff else "not staff"
        return words if user.is_active else f"{words}, not active"

    @admin.display(description="Groups")
    def group_names(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all()) or NOTHING

    @admin.display(description="Second factor", ordering="second_factor")
    def factor(self, user: ListedUser) -> str:
        return "✓ set up" if user.second_factor else "none"

    @admin.display(description="Last sign-in (UTC)", ordering="last_login")
    def last_sign_in(self, user: User) -> str:
        return moment(user.last_login) if user.last_login else NOTHING

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002 - Django's
        """Django finds this view by its name."""
        return self._written(request, lambda: super(StaffAdmin, self).user_change_password(request, id, form_url))

    def second_factor_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """GET asks whether to remove it, POST does; for those who may change the user."""
        return self.act_view(
            request,
            MAY_CHANGE,
            lambda: self._ask_to_remove(request, key),
            lambda: self._remove_second_factor(request, key),
            confirm=True,
        )

    def _changeable(self, request: HttpRequest, key: int) -> User:
        user = get_object_or_404(User, pk=key)
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        return user

    def _ask_to_remove(self, request: HttpRequest, key: int) -> HttpResponse:
        user = self._changeable(request, key)
        return self.asked(request, removal_question(user), crumb=user)

    def _remove_second_factor(self, request: HttpRequest, key: int) -> HttpResponse:
        user = self._changeable(request, key)
        if second_factor.device_of(user):
            with transaction.atomic():
                second_factor.remove(user)
                audit.write(visitor(request), Act.REMOVE_SECOND_FACTOR, user)
            messages.success(request, f"The second factor of {user} is removed.")
        return HttpResponseRedirect(page_of(user))

    def _act_doors(self, request: HttpRequest, user: Any) -> Iterator[Door]:
        if self.has_change_permission(request, user):
            yield Door("Set password…", self.own_url("password_change", user.pk))
        if user.second_factor and self.has_change_permission(request, user):
            yield Door("Remove second factor…", self.own_url("second_factor", user.pk))

    adds = Additions(pages=(OwnPage("second_factor", "<int:key>/second-factor/", second_factor_view),), doors={Where.RECORD: _act_doors})


class ListedGroup(Protocol):
    """A group as the list reads one."""

    pk: int
    users: int
    permissions_given: int


class GroupList(UnderstoodList):
    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> QuerySet[Model]:
        users = Count("user", distinct=True)
        rows: QuerySet[Model] = super().get_queryset(request, exclude_parameters)
        return rows.annotate(users=users, permissions_given=Count("permissions", distinct=True))  # type: ignore[no-any-return]


@admin.register(Group, site=console)
class RoleAdmin(Ranked, GroupAdmin):
    filter_horizontal = ()
    list_display = ("name", "member_count", "permission_count")
    search_help_text = "Name of the group"

    def get_changelist(self, request: HttpRequest, **kwargs: object) -> type[UnderstoodList]:
        return GroupList

    @admin.display(description="Users")
    def member_count(self, group: ListedGroup) -> SafeString:
        """A link to them."""
        return named_link(f"{reverse('admin:auth_user_changelist')}?group={group.pk}", str(group.users))

    @admin.display(description="Permissions")
    def permission_count(self, group: ListedGroup) -> int:
        return group.permissions_given


def page_of(user: User) -> str:
    return reverse("admin:auth_user_change", args=[user.pk])


def removal_question(user: User) -> Question:
    return Question(
        title=f"Remove the second factor of {user}?",
        consequences=(
            "Their password alone will sign them in, until they set up a new one. Be sure that it is them who ask: call them back.",
        ),
        button="Remove it",
        back=page_of(user),
        refusal="" if second_factor.device_of(user) else f"{user} has no second factor.",
    )
