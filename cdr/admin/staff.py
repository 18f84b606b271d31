"""Who may use the console: Django's own users and groups, each change written into the audit log, and who has a second factor."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django_otp.plugins.otp_totp.models import TOTPDevice

from cdr import audit
from cdr.admin.audited import AuditedAdmin
from cdr.admin.entry.visitor import visitor
from cdr.admin.lists.questions import Question
from cdr.admin.site import console
from cdr.pure.acts import Act
from cdr.sign_in import second_factor


@admin.register(User, site=console)
class StaffAdmin(AuditedAdmin, UserAdmin):  # type: ignore[type-arg]  # Django's class takes no parameters at run time
    show_facets = admin.ShowFacets.NEVER
    readonly_fields = ("last_login", "date_joined")
    change_form_template = "admin/cdr/user.html"
    list_display = ("username", "email", "first_name", "last_name", "is_staff", "has_second_factor")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        has_one = Exists(TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True))
        users: QuerySet[Any] = super().get_queryset(request).annotate(second_factor=has_one)
        return users

    def get_urls(self) -> list[Any]:
        remove = path("<int:key>/second-factor/", self.admin_site.admin_view(self.second_factor_view), name="auth_user_second_factor")
        return [remove, *super().get_urls()]

    @admin.display(description="Second factor", boolean=True, ordering="second_factor")
    def has_second_factor(self, user: Any) -> bool:
        return bool(user.second_factor)

    def second_factor_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """GET asks whether to remove it, POST does; for those who may change the user."""
        user = get_object_or_404(User, pk=key)
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        if request.method == "POST":
            return self._remove_second_factor(request, user)
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET", "POST"])
        question = removal_question(user)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": question.title, "question": question, "crumb": user}
        return TemplateResponse(request, "admin/cdr/ask.html", context)

    def _remove_second_factor(self, request: HttpRequest, user: User) -> HttpResponse:
        if second_factor.device_of(user):
            with transaction.atomic():
                second_factor.remove(user)
                audit.write(visitor(request), Act.REMOVE_SECOND_FACTOR, user)
            messages.success(request, f"The second factor of {user} is removed.")
        return HttpResponseRedirect(page_of(user))


@admin.register(Group, site=console)
class RoleAdmin(AuditedAdmin, GroupAdmin):
    pass


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
