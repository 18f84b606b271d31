"""`manage.py runserver`: Daphne's, which answers WebSockets, for whoever changes the code. `serve` is for calls: it has limits and a drain.

Owns that it is there: Daphne as an installed app would be imported by every process."""

from daphne.management.commands import runserver


class Command(runserver.Command):
    requires_system_checks = ["installation"]
