"""The fixture that every test ends with: it names whatever a test leaves, and lets pass what belongs to somebody else."""

import asyncio
import socket
import subprocess
import sys
import threading
import time
from asyncio.sslproto import _SSLProtocolTransport
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from streams.simulate.ending import closed
from streams.simulate.listener import Listener
from tests import left_open
from tests.open_things import in_words, number_of, open_now

WITHOUT_PROC = not sys.platform.startswith("linux")
needs_proc = pytest.mark.skipif(WITHOUT_PROC, reason="sockets and child processes that are left open: there is no /proc on this machine")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(left_open, "SETTLE_SECONDS", 0.05)


def words_for(before: set[Any], loop: asyncio.AbstractEventLoop | None = None) -> str:
    return in_words(left_open.left(before, loop))


@contextmanager
def a_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """That of an asynchronous test."""
    loop = asyncio.new_event_loop()
    try:
        yield loop
    finally:
        loop.close()


async def read_to_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


def test_nothing_left_is_nothing_said():
    before = open_now()
    with socket.create_server(("127.0.0.1", 0)):
        subprocess.run([sys.executable, "-c", ""], check=True)
    assert words_for(before) == ""


@needs_proc
def test_a_connection_and_a_server_of_the_loop_are_named_at_once(monkeypatch: pytest.MonkeyPatch):
    with a_loop() as loop:
        before = open_now(loop)
        listening = Listener()
        port = listening.port
        server = loop.run_until_complete(asyncio.start_server(read_to_the_end, sock=listening))
        _, writer = loop.run_until_complete(asyncio.open_connection("127.0.0.1", port))
        with monkeypatch.context() as patient:  # and no longer: whatever goes wrong here is to be told at once
            patient.setattr(left_open, "SETTLE_SECONDS", 1000)
            said = words_for(before, loop)
        loop.run_until_complete(closed(writer))
        loop.run_until_complete(listening.end(server))
        assert f"listening socket ('127.0.0.1', {port})" in said
        assert f"- ('127.0.0.1', {port})\n    held by" in said
        assert "_SelectorSocketTransport" in said and "StreamReaderProtocol" in said
        assert words_for(before, loop) == ""


def test_a_task_of_the_loop_is_named():
    with a_loop() as loop:
        before = open_now(loop)
        task = loop.create_task(asyncio.sleep(60), name="a forgotten one")
        assert "name='a forgotten one'" in words_for(before, loop)
        task.cancel()
        loop.run_until_complete(asyncio.wait([task]))
        assert words_for(before, loop) == ""


@needs_proc
def test_a_loop_that_is_not_closed_shows():
    before = open_now()
    with a_loop():
        assert "socket" in words_for(before)
    assert words_for(before) == ""


@pytest.mark.parametrize("daemon", [False, True])
def test_a_thread_is_named(daemon: bool):
    before, over = open_now(), threading.Event()
    thread = threading.Thread(target=over.wait, name="a forgotten one", daemon=daemon)
    thread.start()
    assert words_for(before).startswith(f"thread 'a forgotten one'{' (daemon)' if daemon else ''}: ")
    over.set()
    thread.join()
    assert words_for(before) == ""


@needs_proc
def test_a_process_is_named_while_it_runs_and_until_it_is_waited_for():
    before = open_now()
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert f"process {process.pid}: {sys.executable} -c input()" in words_for(before)
    process.kill()
    assert process.stdin is not None
    process.stdin.close()
    assert "process" in words_for(before)
    process.wait()
    assert words_for(before) == ""


@needs_proc
def test_a_socket_without_a_loop_is_named():
    before = open_now()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert f"listening socket {listening.getsockname()}" in words_for(before)


def test_what_another_thread_is_just_closing_is_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(left_open, "SETTLE_SECONDS", 30)
    before = open_now()
    thread = threading.Thread(target=time.sleep, args=(0.2,))
    thread.start()
    assert words_for(before) == ""
    assert not thread.is_alive()


def test_what_outlives_the_test_is_not_its():
    before, over = open_now(), threading.Event()
    with left_open.outliving_the_test():
        thread = threading.Thread(target=over.wait)
        thread.start()
    assert words_for(before) == ""
    over.set()
    thread.join()


def test_the_loops_own_threads_are_the_loops_to_end():
    with a_loop() as loop:
        before = open_now(loop)
        loop.run_until_complete(asyncio.to_thread(int))
        assert words_for(before, loop) == ""
        loop.run_until_complete(loop.shutdown_default_executor())


@needs_proc
def test_a_loop_in_a_lasting_thread_goes_on_as_it_likes():
    """Its connections and its threads come and go while tests do."""
    loop, before = asyncio.new_event_loop(), open_now()
    with left_open.outliving_the_test():
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
    asyncio.run_coroutine_threadsafe(asyncio.to_thread(int), loop).result(30)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        within = open_now()
        opening = asyncio.open_connection(*listening.getsockname())
        _, writer = asyncio.run_coroutine_threadsafe(opening, loop).result(30)
        assert words_for(within) == ""
        writer.close()
        asyncio.run_coroutine_threadsafe(writer.wait_closed(), loop).result(30)
    asyncio.run_coroutine_threadsafe(loop.shutdown_default_executor(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    assert words_for(before) == ""


def test_looking_costs_little():
    """Every test pays for it twice."""
    costs = []
    for _ in range(20):
        began = time.process_time()
        open_now()
        costs.append(time.process_time() - began)
    assert min(costs) < 0.02


def test_a_connection_with_tls_that_is_over_holds_nothing():
    over = _SSLProtocolTransport.__new__(_SSLProtocolTransport)
    over._ssl_protocol, over._closed = None, True  # as its own close() leaves it
    assert number_of(over) == -1
