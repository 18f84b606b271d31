"""The API is mounted at /v1/; two customers who must not see each other."""

from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from cdr.api.throttle import Counters
from tests.cdr.api.customers import Customer


@pytest.fixture(autouse=True)
def mounted(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.cdr.api.urlconf"


@pytest.fixture(autouse=True)
def counted_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Wrong tokens of one test are not the next one's."""
    counters = Counters(django_settings.REDIS_URL)
    monkeypatch.setattr("cdr.api.auth.counters", counters)
    yield
    counters.close()


@pytest.fixture
def acme(db: None) -> Customer:
    return Customer("Acme")


@pytest.fixture
def globex(db: None) -> Customer:
    return Customer("Globex")
