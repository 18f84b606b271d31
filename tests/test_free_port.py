"""A port that was given stays free until its server is there, whatever other connections and processes do."""

import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import free_port as ports
from tests.free_port import A_STRETCH, LOWEST, first_outgoing, free_port, free_ports_in_a_row, reserve_stretch

ROOT = Path(__file__).parent.parent


def test_none_is_given_twice_in_a_row_and_none_that_has_a_server() -> None:
    assert len({free_port() for _ in range(A_STRETCH)}) == A_STRETCH
    with socket.create_server(("127.0.0.1", port := free_port())):
        assert port not in {free_port() for _ in range(2 * A_STRETCH - 2)}


def test_no_outgoing_connection_and_no_other_process_has_it() -> None:
    code = "from tests.free_port import own; print(*own)"
    others = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert len(others.stdout.split()) == A_STRETCH and not set(map(int, others.stdout.split())) & set(ports.own)
    assert ports.own.stop <= first_outgoing()
    taken, descriptor = reserve_stretch(ports.own.start, ports.own.start + 100 * A_STRETCH)
    os.close(descriptor)
    assert taken != ports.own


def test_those_in_a_row_are_free_and_this_process_s_own() -> None:
    for _ in range(A_STRETCH):
        row = free_ports_in_a_row(3)
        assert len(row) == 3 and row.start in ports.own and row.stop - 1 in ports.own


def test_where_all_have_servers_it_says_so() -> None:
    with ExitStack() as stack:
        for port in ports.own:
            stack.enter_context(socket.create_server(("127.0.0.1", port)))
        with pytest.raises(OSError, match="all 40 ports"):
            free_port()
    with pytest.raises(OSError, match="all ports from"):
        reserve_stretch(LOWEST, LOWEST + 1)


@pytest.mark.parametrize(("told", "first"), [("32768\t60999\n", 32_768), ("1024 65535", 32_768), ("40000 50000", 40_000), (None, 32_768)])
def test_the_system_says_where_outgoing_ones_begin(tmp_path, monkeypatch, told, first) -> None:
    if told is not None:
        (tmp_path / "range").write_text(told)
    monkeypatch.setattr(ports, "OUTGOING", tmp_path / "range")
    assert first_outgoing() == first
