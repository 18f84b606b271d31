"""What is wrong with the settings is said in a sentence, whichever process reads them: no traceback leads anybody to what to set.

Owns that one hook. Everything else that goes wrong is told as ever."""

import sys
from types import TracebackType

from django.core.exceptions import ImproperlyConfigured

_as_ever = sys.excepthook


def _say(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if isinstance(error, ImproperlyConfigured):
        print(error, file=sys.stderr)
    else:
        _as_ever(kind, error, traceback)


def say_in_a_sentence() -> None:
    """Python ends with status 1 after it."""
    sys.excepthook = _say
