"""The API is mounted at /v1/; two customers who must not see each other."""

import pytest
from pytest_django import Settings

from tests.cdr.api.customers import Customer


@pytest.fixture(autouse=True)
def mounted(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.cdr.api.urlconf"


@pytest.fixture
def acme(db: None) -> Customer:
    return Customer("Acme")


@pytest.fixture
def globex(db: None) -> Customer:
    return Customer("Globex")
