"""Errors of the platform itself, in the API's own form."""

import logging

import pytest
from django.db import OperationalError

from tests.cdr.api.customers import Customer


@pytest.mark.parametrize(("error", "status"), [(OperationalError("could not connect"), 503), (RuntimeError("secret"), 500)])
def test_neither_html_nor_a_traceback(
    acme: Customer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception, status: int
) -> None:
    def fails(*_: object) -> None:
        raise error

    for place in ("cdr.api.calls.ended_calls", "cdr.api.auth.token_of"):
        monkeypatch.setattr(place, fails)
        with caplog.at_level(logging.WARNING):
            answer = acme.get("Call/")
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/json")
        assert set(answer.json()) == {"api_id", "error"}
        assert str(error) not in answer.content.decode()
        assert str(error) in caplog.text
        caplog.clear()


def test_an_internal_error_is_found_in_the_log_by_its_api_id(
    acme: Customer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("cdr.api.calls.ended_calls", None)
    assert acme.get("Call/").json()["api_id"] in caplog.text
