"""The port that several processes share, and what is said when there is none. What they do with it is a journey."""

import asyncio
import socket
from pathlib import Path

import pytest

from config.serving_processes import Several, run, shared_socket
from config.supervisor import ServiceFailed


def several(port: int, *options: str) -> Several:
    return Several(2, "127.0.0.1", port, options, Path(__file__).parents[2], grace_seconds=5)


async def test_a_port_in_use_is_a_sentence_and_starts_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert await run(several(port), say=print) == f"127.0.0.1:{port} cannot be listened on: Address already in use."


async def test_one_that_cannot_start_is_named_and_nothing_stays() -> None:
    with pytest.raises(ServiceFailed, match="web-1 ended with status 2"):
        await asyncio.wait_for(run(several(0, "--no-such-option"), say=print), 60)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "0.0.0.0"])
def test_it_listens_where_it_is_told(host: str) -> None:
    with shared_socket(host, 0) as listening:
        assert listening.getsockname()[1] > 0
        assert listening.getblocking() is False
        with socket.create_connection((host if host != "0.0.0.0" else "127.0.0.1", listening.getsockname()[1]), timeout=10):
            pass
