"""For tests that move the clock with time_machine: PostgreSQL's own does not move with it."""

import sys
from functools import lru_cache
from types import ModuleType

import pytest
from django.utils import timezone


def database_goes_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks the database for the time is told that of this process."""
    for module in _asking(len(sys.modules)):
        monkeypatch.setattr(module, "database_now", timezone.now)


@lru_cache(1)
def _asking(loaded: int) -> list[ModuleType]:
    """Looked for anew only when another module was loaded: there are thousands, and hundreds of tests."""
    ours = [module for name, module in list(sys.modules.items()) if name.startswith(("cdr.", "streams.", "config."))]
    return [module for module in ours if hasattr(module, "database_now")]
