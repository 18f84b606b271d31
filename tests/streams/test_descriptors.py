"""The limit of descriptors: raised at the start, and its last ones kept back from sockets that we open."""

import errno
import resource
import socket
import subprocess
import sys

import pytest

from streams.descriptors import ENOUGH, NoDescriptorLeft, current_plan, in_words, keep_back
from tests.streams.few_descriptors import few_descriptors_left
from tests.streams.server_process import ROOT

RAISE = "import resource; from streams.descriptors import raise_limit; raise_limit(); print(*resource.getrlimit(resource.RLIMIT_NOFILE))"


@pytest.mark.parametrize(("limits", "raised"), [("-H", "4096 4096"), ("-S", None)])
def test_the_soft_limit_is_raised_to_the_hard_one(limits: str, raised: str | None) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    command = f'ulimit -Sn 512 && ulimit {limits}n {4096 if limits == "-H" else 600} && exec "$@"'
    whole = ["sh", "-c", command, "sh", sys.executable, "-c", RAISE]
    output = subprocess.run(whole, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert output.stdout.strip() == (raised or f"{min(hard, ENOUGH)} {hard}"), output.stderr


def test_a_socket_with_one_of_the_last_numbers_is_not_ours_to_use() -> None:
    with socket.socket() as sock:
        keep_back(sock)
    with few_descriptors_left(4), socket.socket() as sock, pytest.raises(NoDescriptorLeft, match="no descriptor left for it .its limit is"):
        keep_back(sock)


def test_the_systems_own_words_are_replaced() -> None:
    assert "LimitNOFILE" in str(in_words(OSError(errno.EMFILE, "Too many open files")))
    refused = OSError(errno.ECONNREFUSED, "no")
    assert in_words(refused) is refused
    assert current_plan().limit <= ENOUGH or resource.getrlimit(resource.RLIMIT_NOFILE)[0] > ENOUGH
