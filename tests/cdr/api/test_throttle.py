"""The counters over a real Redis: how many are admitted, that processes share them, and what happens while Redis is away."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from cdr.api import throttle
from cdr.api.errors import Refused
from cdr.api.throttle import FAILED_LOGINS, REQUESTS, Counters, Limit, seconds_left
from tests.cdr.api.customers import Customer, basic
from tests.streams.redis_server import RedisServer

LIMIT = Limit("test", 3, 10, "Too many.")
NOW = 1_800_000_003


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def processes(redis: RedisServer) -> Iterator[list[Counters]]:
    """The counters of two processes."""
    both = [Counters(settings.REDIS_URL) for _ in range(2)]
    yield both
    for counters in both:
        counters.close()


@pytest.fixture
def counters(processes: list[Counters], monkeypatch: pytest.MonkeyPatch) -> Counters:
    """Those the API uses."""
    monkeypatch.setattr("cdr.api.auth.counters", processes[0])
    return processes[0]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def refused(counters: Counters, who: str = "one") -> Refused | None:
    try:
        counters.admit(LIMIT, who)
    except Refused as refusal:
        return refusal
    return None


def test_counts_are_shared_by_processes_and_kept_apart_by_name(processes: list[Counters], clock: time_machine.Traveller) -> None:
    here, there = processes
    assert [refused(counters) for counters in (here, there, here)] == [None, None, None]
    refusal = refused(there)
    assert refusal
    assert (refusal.status, refusal.error, refusal.headers) == (429, "Too many.", {"Retry-After": "7"})
    assert refused(here, "two") is None


def test_a_new_window_begins_anew(counters: Counters, clock: time_machine.Traveller) -> None:
    assert [bool(refused(counters)) for _ in range(4)] == [False, False, False, True]
    clock.shift(7)
    assert refused(counters) is None


def test_looking_counts_nothing(counters: Counters, clock: time_machine.Traveller) -> None:
    for _ in range(9):
        counters.refuse_exhausted(LIMIT, "one")
    for _ in range(3):
        counters.count(LIMIT, "one")
    with pytest.raises(Refused):
        counters.refuse_exhausted(LIMIT, "one")


def test_nothing_is_counted_while_redis_is_away_and_again_when_it_is_back(
    redis: RedisServer, counters: Counters, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(throttle, "PAUSE_SECONDS", 0.05)
    redis.kill()
    with caplog.at_level(logging.WARNING):
        assert not any(refused(counters) for _ in range(9))
    assert [record.message.split("(")[0] for record in caplog.records] == ["Redis did not answer "]
    redis.start()
    deadline = time.monotonic() + 30
    while not refused(counters):
        assert time.monotonic() < deadline


@pytest.mark.parametrize(("now", "seconds"), [(0.0, 10), (3.2, 7), (9.99, 1), (20.0, 10)])
def test_seconds_left(now: float, seconds: int) -> None:
    assert seconds_left(LIMIT, now) == seconds


# As a customer meets them --------------------------------------------------------------------------------------------
def test_an_account_that_asks_too_often(counters: Counters, clock: time_machine.Traveller, acme: Customer, globex: Customer) -> None:
    for _ in range(REQUESTS.most):
        counters.count(REQUESTS, acme.account.auth_id)
    answer = acme.get("Call/")
    assert (answer.status_code, answer["Retry-After"]) == (429, "2")
    assert answer.json()["error"] == "Too many requests: an account may make 300 in 5 seconds."
    assert globex.get("Call/").status_code == 200
    clock.shift(5)
    assert acme.get("Call/").status_code == 200


def test_the_right_token_in_another_s_path_is_no_guess(counters: Counters, acme: Customer, globex: Customer) -> None:
    assert {globex.get(f"{acme.base}Call/").status_code for _ in range(FAILED_LOGINS.most + 1)} == {401}
    assert globex.get("Call/").status_code == 200


def test_guessing_is_stopped_for_its_address_only(counters: Counters, clock: time_machine.Traveller, acme: Customer) -> None:
    def login(token: str, address: str) -> int:
        return Client(REMOTE_ADDR=address).get(f"{acme.base}Call/", HTTP_AUTHORIZATION=basic(acme.account.auth_id, token)).status_code

    assert {login(f"guess {number}", "192.0.2.1") for number in range(FAILED_LOGINS.most)} == {401}
    assert login("guess", "192.0.2.1") == 429
    assert login(acme.account.auth_token, "192.0.2.1") == 429
    assert login(acme.account.auth_token, "192.0.2.2") == 200
    clock.shift(60)
    assert login(acme.account.auth_token, "192.0.2.1") == 200


def test_behind_a_proxy_a_guesser_is_known_by_the_address_that_the_proxy_writes(counters: Counters, acme: Customer, settings) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    def login(token: str, forwarded: str) -> int:
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": forwarded, "Authorization": basic(acme.account.auth_id, token)}
        return Client(REMOTE_ADDR="10.0.0.1", headers=headers).get(f"{acme.base}Call/").status_code

    assert {login(f"guess {number}", f"203.0.113.{number}, 192.0.2.1") for number in range(FAILED_LOGINS.most)} == {401}
    assert login(acme.account.auth_token, "192.0.2.1") == 429
    assert login(acme.account.auth_token, "192.0.2.2") == 200
