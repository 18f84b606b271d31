"""A foreign Host: one answer, one line, and not one for each of a storm."""

import logging

import pytest
from django.core import mail
from django.test import AsyncClient, Client

from config import known_hosts
from config.known_hosts import ForeignHosts

FOREIGN = [
    "evil.example",
    "evil.example:8000",
    "localhost.evil.example",
    "localhost@evil.example",
    "",
    "a b",
    "[::1",
    "x" * 3000,
    "ev\nil",
    "ä.example",
]


@pytest.fixture(autouse=True)
def nobody_asked_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_hosts, "foreign_hosts", ForeignHosts())


@pytest.mark.parametrize("host", FOREIGN)
def test_it_is_answered_with_a_sentence_and_is_one_line(host: str, settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.ADMINS = [("Operator", "operator@desk.example.com")]
    caplog.set_level(logging.DEBUG)
    for _ in range(20):
        answer = Client(HTTP_HOST=host, raise_request_exception=False).get("/admin/")
        assert answer.status_code == 400 and b"ALLOWED_HOSTS" in answer.content and b"evil" not in answer.content
    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert record.exc_info is None and len(record.getMessage().splitlines()) == 1 and len(record.getMessage()) < 300
    assert mail.outbox == []


def test_what_was_not_said_is_counted_in_the_next_line(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        Client(HTTP_HOST="evil.example").get("/")
    known_hosts.foreign_hosts.said_at -= known_hosts.LINE_SECONDS
    Client(HTTP_HOST="evil.example").get("/")
    assert [message.endswith("(4 more like it came before)") for message in caplog.messages] == [False, True]


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:8000", "LOCALHOST"])
@pytest.mark.django_db
def test_ours_go_on(host: str) -> None:
    assert Client(HTTP_HOST=host).get("/admin/login/").status_code == 200


async def test_so_it_is_asked_asynchronously() -> None:
    assert (await AsyncClient().get("/", headers={"host": "evil.example"})).status_code == 400


def test_a_probe_needs_no_name() -> None:
    assert Client(HTTP_HOST="10.0.0.7:8000").get("/healthz").status_code == 200
