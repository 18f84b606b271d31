"""Beat's schedule, with a real Redis to send to: due by a clock that nobody sets, bounded, quiet while nobody listens."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery.beat import Service
from django.conf import settings
from django.utils import timezone
from redis import Redis

from config import beat
from config.beat import MonotonicScheduler
from config.celery import app
from tests.streams.redis_server import RedisServer, hang_up_on_the_broker


@pytest.fixture
def scheduler() -> Iterator[MonotonicScheduler]:
    scheduler = MonotonicScheduler(app)
    yield scheduler
    scheduler.close()
    hang_up_on_the_broker()


def waiting() -> list[dict[str, Any]]:
    with Redis(unix_socket_path=str(settings.EMBEDDED_REDIS_SOCKET)) as client:
        return [json.loads(message) for message in client.lrange("celery", 0, -1)]


def tick_until_due_again(scheduler: MonotonicScheduler) -> None:
    """The quickest task comes each second."""
    count, deadline = len(waiting()), time.monotonic() + 30
    while len(waiting()) == count:
        assert time.monotonic() < deadline, "nothing became due"
        time.sleep(min(scheduler.tick(), 1.5))


def test_beat_uses_it() -> None:
    assert isinstance(Service(app, scheduler_cls=app.conf.beat_scheduler).scheduler, MonotonicScheduler)


def test_everything_is_sent_at_once_and_by_no_clock_of_another_machine(redis: RedisServer, scheduler: MonotonicScheduler) -> None:
    assert 0 < scheduler.tick() <= 1
    messages = waiting()
    assert {message["headers"]["task"] for message in messages} == {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert {(message["headers"]["expires"], message["headers"]["eta"]) for message in messages} == {(None, None)}


@pytest.mark.parametrize("jump", [timedelta(days=-2), timedelta(days=2)])
def test_a_clock_that_is_set_changes_nothing(redis: RedisServer, scheduler: MonotonicScheduler, time_machine: Any, jump: timedelta) -> None:
    scheduler.tick()
    time_machine.move_to(timezone.now() + jump)
    assert scheduler.tick() <= 1
    tick_until_due_again(scheduler)
    assert len(waiting()) < 2 * len(app.conf.beat_schedule)


def test_what_nobody_takes_does_not_grow(redis: RedisServer, scheduler: MonotonicScheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beat, "MOST_WAITING", 3)
    for _ in range(5):
        scheduler.due_at.clear()
        scheduler.tick()
    assert len(waiting()) == 3


def test_a_broker_that_is_away_is_one_line_and_its_return_another(
    redis: RedisServer, scheduler: MonotonicScheduler, caplog: pytest.LogCaptureFixture
) -> None:
    redis.kill()
    for _ in range(3):
        scheduler.due_at.clear()
        assert scheduler.tick() <= 1
    redis.start()
    scheduler.due_at.clear()
    scheduler.broker.rest_until = 0
    scheduler.tick()
    assert len(waiting()) == len(app.conf.beat_schedule)
    words = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert (
        len(words) == 2 and words[0].startswith("Sending what is due failed (") and words[1].startswith("Sending what is due works again")
    )


@pytest.fixture
def another(redis: RedisServer) -> Iterator[MonotonicScheduler]:
    """As on a second machine."""
    scheduler = MonotonicScheduler(app)
    yield scheduler
    scheduler.close()


def test_of_two_one_sends(
    redis: RedisServer, scheduler: MonotonicScheduler, another: MonotonicScheduler, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "config.beat")
    for _ in range(3):
        scheduler.tick()
        another.tick()
    assert len(waiting()) == len(app.conf.beat_schedule)
    assert [record.getMessage() for record in caplog.records] == [
        "This beat sends what is due.",
        "Another beat sends what is due; this one waits in case it falls.",
    ]


def test_one_that_stops_hands_over_at_once(redis: RedisServer, scheduler: MonotonicScheduler, another: MonotonicScheduler) -> None:
    scheduler.tick()
    another.tick()
    scheduler.close()
    another.tick()
    assert len(waiting()) == 2 * len(app.conf.beat_schedule)


def test_one_that_falls_is_followed_by_another_and_waits_when_it_is_back(
    redis: RedisServer, scheduler: MonotonicScheduler, another: MonotonicScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beat, "TURN_SECONDS", 0.3)
    scheduler.tick()
    deadline = time.monotonic() + 30
    while not another.turn.mine:
        assert time.monotonic() < deadline, "nobody took over"
        another.tick()
        time.sleep(0.02)
    monkeypatch.setattr(beat, "TURN_SECONDS", 30)
    another.tick()
    sent = len(waiting())
    assert sent >= 2 * len(app.conf.beat_schedule)
    scheduler.due_at.clear()
    scheduler.tick()
    assert len(waiting()) == sent and scheduler.turn.mine is False


def test_a_redis_that_was_emptied_ends_no_turn(redis: RedisServer, scheduler: MonotonicScheduler, another: MonotonicScheduler) -> None:
    scheduler.tick()
    another.tick()
    with Redis(unix_socket_path=str(settings.EMBEDDED_REDIS_SOCKET)) as client:
        client.flushall()
    scheduler.tick()
    another.tick()
    assert (scheduler.turn.mine, another.turn.mine) == (True, False)
