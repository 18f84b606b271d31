"""What every page of the console says to staff while something is not well: a context processor.

Owns how long a page may wait to know it: mostly not at all. What is not well is judged in status."""

import concurrent.futures
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from config import status
from streams.pure.trouble import Trouble

OLD_SECONDS = 30.0
WAIT_SECONDS = 0.25
"""Only when what is known is old: the first page after a pause. Where Redis hangs it is old for two seconds, and then that is known."""


def strip(request: HttpRequest) -> dict[str, Any]:
    """Judged when a template asks for it: the frame of the console does, for who is signed in."""
    return {"platform_troubles": SimpleLazyObject(known_troubles)}


def known_troubles() -> list[Trouble]:
    answers = status.ask_all()
    if status.age_seconds() > OLD_SECONDS:
        concurrent.futures.wait(answers, WAIT_SECONDS)
    return status.troubles()
