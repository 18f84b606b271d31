"""Django's development server answers WebSockets: it is Daphne's."""

from daphne.management.commands import runserver
from django.core.management import get_commands, load_command_class


def test_it_is_daphnes():
    command = load_command_class(get_commands()["runserver"], "runserver")
    assert isinstance(command, runserver.Command)
