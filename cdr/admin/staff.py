"""Who may use the console: Django's own users and groups, each change written into the audit log."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User

from cdr.admin.audited import AuditedAdmin
from cdr.admin.site import console


@admin.register(User, site=console)
class StaffAdmin(AuditedAdmin, UserAdmin):  # type: ignore[type-arg]  # Django's class takes no parameters at run time
    show_facets = admin.ShowFacets.NEVER


@admin.register(Group, site=console)
class RoleAdmin(AuditedAdmin, GroupAdmin):
    pass
