"""The Redis that comes along: found, started on its socket only, and its data kept over a kill."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from redis import Redis

from config import embedded_redis


@contextmanager
def running(folder: Path) -> Iterator[Redis]:
    socket = folder / "r.sock"
    process = subprocess.Popen(embedded_redis.command(embedded_redis.binary(), folder / "redis", socket))
    try:
        while not embedded_redis.redis_answers(socket):
            assert process.poll() is None
        with Redis(unix_socket_path=str(socket)) as client:
            yield client
    finally:
        process.kill()
        process.wait()


def test_it_listens_on_its_socket_only_and_for_its_owner_only(tmp_path: Path):
    with running(tmp_path) as client:
        assert client.config_get("port") == {"port": "0"}
        assert (tmp_path / "r.sock").stat().st_mode & 0o777 == 0o700
    assert not embedded_redis.redis_answers(tmp_path / "r.sock")


def test_what_it_was_told_survives_a_kill(tmp_path: Path):
    with running(tmp_path) as client:
        client.set("key", "value")
        client.execute_command("WAITAOF", 1, 0, 5000)
    with running(tmp_path) as client:
        assert client.get("key") == b"value"


def test_a_file_that_is_no_socket_does_not_answer(tmp_path: Path):
    (tmp_path / "r.sock").write_text("")
    assert not embedded_redis.redis_answers(tmp_path / "r.sock")


def test_the_bundled_server_comes_before_those_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    other = tmp_path / "redis-server"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert embedded_redis.binary().name == "valkey-server"
    monkeypatch.setattr(embedded_redis, "find_spec", lambda name: None)
    assert embedded_redis.binary() == other
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(ImproperlyConfigured, match="Install valkey-server or redis-server, or set REDIS_URL"):
        embedded_redis.binary()
