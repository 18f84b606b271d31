"""Each check speaks when it should and is silent otherwise."""

import sys
from ipaddress import ip_network
from types import SimpleNamespace

import pytest
from django.core.checks import run_checks
from django.db import OperationalError

from config import checks
from streams.guard import Reach
from streams.sealed import WrongKey

SOUND = {
    "LEASE_SECONDS": 20,
    "BUFFER_MS": 40_000,
    "CONNECT_TIMEOUT_SECONDS": 8,
    "CONNECT_RETRY_SECONDS": (1, 3),
    "LOCAL_HOSTS": ["localhost", "127.0.0.1", "[::1]"],
    "EMBEDDED": False,
    "HTTPS": True,
    "TRUSTED_PROXIES": (ip_network("10.0.0.0/24"),),
    "PROXIES_DECIDED": True,
    "ALLOWED_HOSTS": ["desk.example.com"],
    "DIAL_REACH": Reach((ip_network("10.1.0.0/16"),)),
    "METRICS_ALLOW": (ip_network("10.0.0.5/32"),),
    "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql"}},
    "REDIS_URL": "redis://:secret@redis.example:6379/0",
}


pytestmark = pytest.mark.django_db


def ids(monkeypatch: pytest.MonkeyPatch, **other: object) -> set[str]:
    monkeypatch.setattr(checks, "settings", SimpleNamespace(**{**SOUND, **other}))
    return {found.id for found in run_checks() if found.id and found.id.startswith("streamdesk.")}


def test_a_sound_installation_is_told_nothing(monkeypatch: pytest.MonkeyPatch):
    assert ids(monkeypatch) == set()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("LEASE_SECONDS", 31, "streamdesk.W001"),
        ("BUFFER_MS", 20_000, "streamdesk.W002"),
        ("DIAL_REACH", Reach((ip_network("127.0.0.0/8"),)), "streamdesk.W003"),
        ("DIAL_REACH", Reach((ip_network("0.0.0.0/0"),)), "streamdesk.W003"),
        ("DATABASES", {"default": {"ENGINE": "django.db.backends.sqlite3"}}, "streamdesk.W004"),
        ("HTTPS", False, "streamdesk.W005"),
        ("PROXIES_DECIDED", False, "streamdesk.W007"),
        ("TRUSTED_PROXIES", (ip_network("::/0"),), "streamdesk.W008"),
        ("METRICS_ALLOW", (ip_network("0.0.0.0/0"),), "streamdesk.W009"),
        ("REDIS_URL", "redis://redis.example:6379/0", "streamdesk.W006"),
    ],
)
def test_each_mistake_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: object, expected: str):
    assert ids(monkeypatch, **{name: value}) == {expected}


@pytest.mark.parametrize(("command", "says_it"), [("check", True), ("serve", True), ("createsuperuser", False), ("provision", False)])
def test_what_is_unwise_is_said_by_few_commands_and_what_is_wrong_by_all(monkeypatch: pytest.MonkeyPatch, command: str, says_it: bool):
    """Whoever reads the same warning under each command reads it no more."""
    monkeypatch.setattr(sys, "argv", ["/opt/streamdesk/manage.py", command])
    monkeypatch.setattr(checks, "require_known_keys", wrong_key)
    assert ids(monkeypatch, LEASE_SECONDS=31) == {"streamdesk.E001", *(["streamdesk.W001"] if says_it else [])}


def wrong_key(connection: object) -> None:
    raise WrongKey("Another key.")


def test_the_trial_on_one_machine_is_no_mistake(monkeypatch: pytest.MonkeyPatch):
    trial = {
        "EMBEDDED": True,
        "HTTPS": False,
        "TRUSTED_PROXIES": (),
        "PROXIES_DECIDED": False,
        "ALLOWED_HOSTS": SOUND["LOCAL_HOSTS"],
        "DIAL_REACH": Reach((ip_network("127.0.0.0/8"),)),
        "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3"}},
        "REDIS_URL": "unix:///data/redis.sock",
    }
    assert ids(monkeypatch, **trial) == set()


def test_a_wrong_key_stops_the_start_and_a_database_that_is_away_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def raises(error: Exception) -> None:
        def look(connection: object) -> None:
            raise error

        monkeypatch.setattr(checks, "require_known_keys", look)

    assert checks.wrong_secrets_key() == ""
    raises(WrongKey("wrong"))
    assert checks.wrong_secrets_key() == "wrong" and ids(monkeypatch) == {"streamdesk.E001"}
    raises(OperationalError("away"))
    assert checks.wrong_secrets_key() == "" and ids(monkeypatch) == set()
