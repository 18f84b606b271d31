"""A worker while its database is away or refuses: it waits, says so in a line, and works again."""

import pytest
from django.db import DataError, InternalError, OperationalError

from config import task_failures
from streams import journal
from streams.outages import Outage
from streams.tasks import deliver_stream, settle_starts


@pytest.fixture(autouse=True)
def all_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_failures, "tasks", Outage(task_failures.log, "tasks"))
    monkeypatch.setattr(task_failures, "_failing", set())


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [" ".join(record.getMessage().split()[:2]) for record in caplog.records if record.name == task_failures.__name__]


@pytest.mark.parametrize("error", [OperationalError("connection refused"), InternalError("cannot execute UPDATE when read-only")])
def test_a_task_waits_while_the_database_refuses(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failing = [error] * 30

    def beat(name: str, quiet_seconds: float) -> bool:
        if failing:
            raise failing.pop()
        return False

    monkeypatch.setattr(journal, "beat", beat)
    for _ in range(32):
        settle_starts()
    assert lines(caplog) == ["tasks failed", "tasks works"]


def test_one_task_that_works_does_not_say_that_all_do(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def refuse(*arguments: object) -> None:
        raise OperationalError("no such table")

    monkeypatch.setattr(journal, "beat", refuse)
    monkeypatch.setattr("streams.delivery.courier.look_for", lambda pk: None)
    for _ in range(3):
        settle_starts()
        deliver_stream(1)
    assert lines(caplog) == ["tasks failed"]


def test_a_fault_is_told_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise DataError("numeric field overflow")

    monkeypatch.setattr(journal, "beat", fail)
    with pytest.raises(DataError):
        settle_starts()
