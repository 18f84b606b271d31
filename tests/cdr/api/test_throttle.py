"""The counters over a real Redis: how many are admitted, that processes share them, and what happens while Redis is away or silent."""

import logging
import signal
import time
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client
from redis import Redis

from cdr import tallies
from cdr.api.errors import ApiRefusal
from cdr.api.throttle import FAILED_LOGINS, REQUESTS, Counters
from cdr.tallies import Limit
from tests.cdr.api.customers import Customer, basic
from tests.streams.redis_server import RedisServer

LIMIT = Limit("test", 3, 600, "Too many.")
KEYS = "streamdesk:throttle:*"


@pytest.fixture
def client(redis: RedisServer) -> Iterator[Redis]:
    with Redis.from_url(settings.REDIS_URL) as client:
        yield client


@pytest.fixture
def pass_seconds(client: Redis) -> Callable[[int], None]:
    """Windows end by Redis' clock, which nobody can turn: they are made shorter instead, or longer."""

    def pass_seconds(seconds: int) -> None:
        for key in client.scan_iter(KEYS):
            assert client.pexpire(key, client.pttl(key) - seconds * 1000)

    return pass_seconds


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


def refused(counters: Counters, who: str = "one") -> ApiRefusal | None:
    try:
        counters.admit(LIMIT, who)
    except ApiRefusal as refusal:
        return refusal
    return None


def test_counts_are_shared_by_processes_and_kept_apart_by_name(processes: list[Counters], pass_seconds: Callable[[int], None]) -> None:
    here, there = processes
    assert [refused(counters) for counters in (here, there, here)] == [None, None, None]
    pass_seconds(300)
    refusal = refused(there)
    assert refusal
    assert (refusal.status, refusal.error) == (429, "Too many.")
    assert 200 < int(refusal.headers["Retry-After"]) <= 300
    assert refused(here, "two") is None


def test_a_new_window_begins_anew(counters: Counters, pass_seconds: Callable[[int], None]) -> None:
    assert [bool(refused(counters)) for _ in range(4)] == [False, False, False, True]
    pass_seconds(600)
    assert refused(counters) is None


def test_looking_counts_nothing(counters: Counters) -> None:
    for _ in range(9):
        counters.refuse_exhausted(LIMIT, "one")
    for _ in range(3):
        counters.count(LIMIT, "one")
    with pytest.raises(ApiRefusal) as refusal:
        counters.refuse_exhausted(LIMIT, "one")
    assert 500 < int(refusal.value.headers["Retry-After"]) <= 600


def test_a_name_has_a_counter_for_each_limit(counters: Counters) -> None:
    assert [bool(refused(counters)) for _ in range(4)] == [False, False, False, True]
    counters.admit(FAILED_LOGINS, "one")


def test_while_redis_is_away_each_process_counts_for_itself_and_again_for_all_when_it_is_back(
    redis: RedisServer, client: Redis, processes: list[Counters], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    here, there = processes
    monkeypatch.setattr(tallies, "PAUSE_SECONDS", 600)
    redis.kill()
    with caplog.at_level(logging.WARNING):
        assert [bool(refused(here)) for _ in range(4)] == [False, False, False, True]
    assert [record.message.split("(")[0] for record in caplog.records] == ["Redis did not answer "]
    refusal = refused(here)
    assert refusal and 500 < int(refusal.headers["Retry-After"]) <= 600
    assert [bool(refused(there)) for _ in range(4)] == [False, False, False, True]
    redis.start()
    for counters in processes:
        monkeypatch.setattr(counters, "_away_until", 0.0)
    assert [bool(refused(counters)) for counters in (here, there, here, there)] == [False, False, False, True]
    assert len(list(client.scan_iter(KEYS))) == 1


def test_a_process_asks_redis_again_after_a_pause(
    redis: RedisServer, client: Redis, counters: Counters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "PAUSE_SECONDS", 0.05)
    redis.kill()
    assert refused(counters) is None
    redis.start()
    deadline = time.monotonic() + 30
    while not list(client.scan_iter(KEYS)):
        refused(counters)
        assert time.monotonic() < deadline


def test_a_silent_redis_is_waited_for_once(redis: RedisServer, processes: list[Counters], monkeypatch: pytest.MonkeyPatch) -> None:
    """One that refuses connections is known at once; one that hangs would hold up every request."""
    monkeypatch.setattr(tallies, "PAUSE_SECONDS", 600)
    connected, unconnected = processes
    connected.count(LIMIT, "before")
    redis.process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    for counters in (connected, unconnected):
        assert [bool(refused(counters)) for _ in range(200)] == [False] * 3 + [True] * 197
    assert time.monotonic() - began < 20  # 400 waits of 0.25 s would be 100 s


# As a customer meets them --------------------------------------------------------------------------------------------
def test_an_account_that_asks_too_often(counters: Counters, pass_seconds: Callable[[int], None], acme: Customer, globex: Customer) -> None:
    counters.count(REQUESTS, acme.account.auth_id)
    pass_seconds(-600)  # however slow this machine is
    for _ in range(REQUESTS.most - 1):
        counters.count(REQUESTS, acme.account.auth_id)
    answer = acme.get("Call/")
    assert answer.status_code == 429
    assert 500 < int(answer["Retry-After"]) <= 605
    assert answer.json()["error"] == "Too many requests: an account may make 300 in 5 seconds."
    assert globex.get("Call/").status_code == 200
    pass_seconds(605)
    assert acme.get("Call/").status_code == 200


def test_the_right_token_in_another_s_path_is_no_guess(counters: Counters, acme: Customer, globex: Customer) -> None:
    assert {globex.get(f"{acme.base}Call/").status_code for _ in range(FAILED_LOGINS.most + 1)} == {401}
    assert globex.get("Call/").status_code == 200


def test_guessing_is_stopped_for_its_address_and_keeps_nobody_out_who_knows_the_token(
    counters: Counters, pass_seconds: Callable[[int], None], acme: Customer
) -> None:
    def login(token: str, address: str) -> int:
        return Client(REMOTE_ADDR=address).get(f"{acme.base}Call/", HTTP_AUTHORIZATION=basic(acme.account.auth_id, token)).status_code

    assert {login(f"guess {number}", "192.0.2.1") for number in range(FAILED_LOGINS.most)} == {401}
    assert login("guess", "192.0.2.1") == 429
    assert {login(acme.auth_token, address) for address in ("192.0.2.1", "192.0.2.2")} == {200}
    assert login("guess", "192.0.2.1") == 429
    assert login("guess", "192.0.2.2") == 401
    pass_seconds(60)
    assert login("guess", "192.0.2.1") == 401


def test_who_has_a_whole_ipv6_network_guesses_as_often_as_anybody(counters: Counters, acme: Customer) -> None:
    def guess(address: str) -> int:
        return Client(REMOTE_ADDR=address).get(f"{acme.base}Call/", HTTP_AUTHORIZATION=basic(acme.account.auth_id, "guess")).status_code

    assert {guess(f"2001:db8:0:7::{number:x}") for number in range(FAILED_LOGINS.most)} == {401}
    assert (guess("2001:db8:0:7:ffff::1"), guess("2001:db8:0:8::1")) == (429, 401)
