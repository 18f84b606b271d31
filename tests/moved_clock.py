"""For tests that move the clock with time_machine: PostgreSQL's own does not move with it."""

import sys

import pytest
from django.utils import timezone


def database_goes_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks the database for the time is told that of this process."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("cdr.", "streams.", "config.")) and hasattr(module, "database_now"):
            monkeypatch.setattr(module, "database_now", timezone.now)
