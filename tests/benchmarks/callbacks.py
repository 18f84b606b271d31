"""How fast owed callbacks are delivered by real workers to real endpoints: how many a second, how late each is, what one costs.

    python -m tests.benchmarks.callbacks [--only postgresql,embedded] [--workers 1] [--threads 32] [--owed 4000] [--rate 500]
        [--endpoints 20]

`drain`: so many owed at once; `flow`: so many more each second, from their commit to their arrival. CPU is that of the processes
themselves, and so holds on a busy machine as well; rates do not. Two minutes."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests import postgres_server
from tests.benchmarks import worker_site
from tests.benchmarks.worker_site import ROOT, Site

ANSWER_MS = 16


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="postgresql,embedded", help="which installations")
    parser.add_argument("--workers", type=int, default=1, help="worker processes, with PostgreSQL")
    parser.add_argument("--threads", type=int, default=32, help="WORKER_THREADS of each")
    parser.add_argument("--owed", type=int, default=4000, help="how many are owed at once, with PostgreSQL")
    parser.add_argument("--rate", type=int, default=500, help="how many more a second, with PostgreSQL")
    parser.add_argument("--endpoints", type=int, default=20, help="of an account each, with PostgreSQL")
    options = parser.parse_args()
    print(f"{'installation':<12} {'what':<34} {'a second':>9} {'p50 ms':>8} {'p99 ms':>8}  CPU, ms a callback", flush=True)
    returncode = 0
    if "postgresql" in options.only:
        if postgres_server.binaries() is None:
            sys.stderr.write("No PostgreSQL here: set PG_BIN, or install postgresql.\n")
            return 1
        with worker_site.running(postgresql=True, workers=options.workers, WORKER_THREADS=str(options.threads)) as site:
            returncode |= measured("postgresql", site, options.endpoints, options.owed, options.rate)
    if "embedded" in options.only:
        with worker_site.running(postgresql=False) as site:
            returncode |= measured("embedded", site, 1, 300, 20)
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, of which others use some: a load of {load:.1f} at the end", flush=True)
    return returncode


def measured(name: str, site: Site, endpoints: int, owed: int, rate: int) -> int:
    pids = {"worker": [worker.pid for worker in site.workers], "database": database_pids(site), "redis": [site.redis_pid]}
    words = json.dumps([name, endpoints, ANSWER_MS, owed, rate, pids])
    return subprocess.run([sys.executable, "-m", "tests.benchmarks.owing", words], cwd=ROOT, env=site.environment, check=False).returncode


def database_pids(site: Site) -> list[int]:
    """PostgreSQL's first process, by the lock of its socket; none for SQLite, which is part of its users."""
    locks = Path(parse_qs(urlsplit(site.environment.get("DATABASE_URL", "")).query).get("host", [""])[0]).glob(".s.PGSQL.*.lock")
    return [int(lock.read_text().split()[0]) for lock in locks]


if __name__ == "__main__":
    sys.exit(main())
