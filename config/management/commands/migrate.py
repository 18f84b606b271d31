"""`manage.py migrate`: Django's own, which looks at the installation first and not at the code.

Owns which checks it runs only."""

from django.core.checks import Tags
from django.core.management.commands import migrate


class Command(migrate.Command):
    requires_system_checks = ["installation", Tags.database]
