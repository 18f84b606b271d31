"""What every test of the outbox stands on: short time limits, and no broker but where one is asked for."""

from typing import Any

import pytest

from streams.delivery import slow_endpoints


@pytest.fixture(autouse=True)
def quick(settings: Any) -> None:
    settings.CALLBACK_TIMEOUT_SECONDS = 0.5
    settings.CALLBACK_RETRY_SECONDS = (5.0, 30.0, 300.0)
    settings.CALLBACKS_AT_ONCE_PER_HOST = 4
    settings.CELERY_WORKER_CONCURRENCY = 32


@pytest.fixture(autouse=True)
def nothing_known_of_endpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_endpoints, "endpoints", slow_endpoints.SlowEndpoints())


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the broker were known to be away: nudges cost nothing and reach nobody."""
    monkeypatch.setattr("streams.delivery.broker._broker.rest_until", float("inf"))
