"""`manage.py createsuperuser`: Django's own, which looks at the installation first and not at the code.

Owns which checks it runs only."""

from django.contrib.auth.management.commands import createsuperuser


class Command(createsuperuser.Command):
    requires_system_checks = ["installation"]
