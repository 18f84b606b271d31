"""A request stays in its thread: whatever middleware there is, it goes there and back a few times and not for each of them."""

import asyncio
import threading
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from asgiref.testing import ApplicationCommunicator
from django.http import HttpResponse
from django.test import AsyncRequestFactory

from config.asgi import django_application

pytestmark = pytest.mark.django_db(transaction=True)
MOST = 5
"""Crossings from the event loop to a thread: what Django does as a request begins, the answer itself, what it does as it ends."""


async def answer_to(path: str) -> tuple[int, bytes]:
    communicator = ApplicationCommunicator(django_application, AsyncRequestFactory().get(path).scope)
    await communicator.send_input({"type": "http.request", "body": b""})
    start, body = [await communicator.receive_output(10) for _ in range(2)]
    await communicator.wait(10)
    return start["status"], body["body"]


@pytest.fixture
def crossings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was taken from the event loop to a thread."""
    crossed: list[str] = []
    cross = SyncToAsync.__call__

    async def counted(self: SyncToAsync[..., Any], *arguments: Any, **options: Any) -> Any:
        crossed.append(getattr(self.func, "__qualname__", str(self.func)))
        return await cross(self, *arguments, **options)

    monkeypatch.setattr(SyncToAsync, "__call__", counted)
    return crossed


@pytest.mark.parametrize(("path", "status"), [("/v1/", 404), ("/admin/login/", 200), ("/readyz", 200), ("/shared/none/", 404)])
async def test_it_crosses_to_its_thread_a_few_times(path: str, status: int, crossings: list[str]) -> None:
    """The last is a view that is a coroutine."""
    assert (await answer_to(path))[0] == status
    assert len(crossings) <= MOST, crossings


async def test_two_at_once_have_a_thread_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for somebody else's page."""
    both = threading.Barrier(2, timeout=10)
    monkeypatch.setattr("config.health.alive", lambda request: HttpResponse(str(both.wait())))
    assert {status for status, _ in await asyncio.gather(answer_to("/healthz"), answer_to("/healthz"))} == {200}
