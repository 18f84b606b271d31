"""The page behind a link, drawn in the thread of a test whose transaction no other thread sees."""

from collections.abc import Callable, Hashable
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from cdr import shared_log
from streams.shares import Places


class SameThread:
    """In place of a DatabaseThreads."""

    _threads = None

    async def run_for(self, whose: Hashable, places: Places, function: Callable[..., Any], *arguments: Any) -> Any:
        return await sync_to_async(function)(*arguments)


def draw_in_this_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_log, "_threads", SameThread())
