"""Who may use the console: Django's own users and groups."""

from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User

from cdr.admin.site import console

console.register(User, UserAdmin)
console.register(Group, GroupAdmin)
