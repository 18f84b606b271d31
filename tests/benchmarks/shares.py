"""How long one account waits beside another that floods a pool they share, in each pool, on PostgreSQL with a real worker.

    python -m tests.benchmarks.shares [--seconds 20] [--only words]

Starts a PostgreSQL and a Redis in temporary folders, a worker with its beat, and an endpoint that answers and one that hangs; measures in a
process of its own. Two minutes or three."""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests import postgres_server
from tests.benchmarks import endpoints, worker_site
from tests.streams.name_server import NameServer


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=24.0, help="how long callbacks are measured, alone and beside each flood")
    parser.add_argument("--only", default="", help="only the pools whose name has these words")
    options = parser.parse_args()
    if postgres_server.binaries() is None:
        sys.stderr.write("No PostgreSQL here: set PG_BIN, or install postgresql.\n")
        return 1
    with (
        worker_site.running(postgresql=True, CALLBACK_TIMEOUT_SECONDS="5") as site,
        endpoints.running(5) as urls,
        answering_names() as names,
    ):
        command = [sys.executable, "-m", "tests.benchmarks.pools", str(options.seconds), options.only, names, *urls]
        return subprocess.run(command, env=site.environment, check=False).returncode


@contextmanager
def answering_names() -> Iterator[str]:
    """The address of a name server that knows one name, and never answers for others."""
    server = NameServer({"good.example": ["192.0.2.1"]})
    yield server.address
    server.stop()


if __name__ == "__main__":
    sys.exit(main())
