"""`manage.py let_in NAME`: the way back into the console for somebody who is locked out, when no administrator is left who could help.

Owns the sentences it prints. It is in the audit log as every lifted lock is, with the command's name in place of a person's."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from cdr import audit
from cdr.audit import Actor
from cdr.pure.acts import Act
from cdr.sign_in import locks, second_factor

ACTOR = Actor("manage.py let_in", None)


class Command(BaseCommand):
    help = "Lifts all locks after failed sign-ins; with --remove-second-factor removes this user's second factor as well."
    requires_system_checks = ["installation"]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--remove-second-factor", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            staff = User.objects.filter(is_staff=True, is_active=True).order_by("username")[:20]
            raise CommandError(f"There is no user {options['username']}. Who may sign in: {', '.join(map(str, staff)) or 'nobody'}.")
        if not (user.is_active and user.is_staff):
            raise CommandError(f"{user} may not sign in: active and staff status are needed. Make another with manage.py createsuperuser.")
        with transaction.atomic():
            self._lift(user)
            if options["remove_second_factor"]:
                self._remove_second_factor(user)
        self.stdout.write(f"A forgotten password is replaced with: manage.py changepassword {user}")

    def _lift(self, user: User) -> None:
        locks.lift_all()
        audit.write(ACTOR, Act.LIFT_LOCK, user)
        self.stdout.write(f"{user} may try again now. All locks are lifted, those of addresses as well.")

    def _remove_second_factor(self, user: User) -> None:
        if second_factor.device_of(user) is None:
            self.stdout.write(f"{user} has no second factor.")
            return
        second_factor.remove(user)
        audit.write(ACTOR, Act.REMOVE_SECOND_FACTOR, user)
        self.stdout.write(f"The second factor of {user} is removed.")
