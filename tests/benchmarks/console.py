"""How long the console's pages take with many calls on PostgreSQL, beside what the same rows cost when they are selected bare.

    python -m tests.benchmarks.console [--calls 1000000] [--logs-of 1] [--requests 9] [--only words]

Starts a PostgreSQL in a temporary folder, fills it, measures in a process of its own, and removes it. A million calls need about 8 GB
of disk and ten minutes. The server keeps 1 GB of it in memory, as a small installation's would."""

import argparse
import os
import secrets
import subprocess
import sys
import tempfile

from tests import postgres_server

SERVER = ("shared_buffers=1GB", "effective_cache_size=2GB", "max_wal_size=8GB", "random_page_cost=1.1", "jit=off")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=int(os.environ.get("CALLS") or 1_000_000))
    parser.add_argument("--requests", type=int, default=9, help="of each page; the first one is not counted")
    parser.add_argument("--logs-of", type=int, default=int(os.environ.get("LOGS_OF") or 1), help="one call in so many has a debug log")
    parser.add_argument("--only", default="", help="only the pages whose name has these words")
    options = parser.parse_args()
    if postgres_server.binaries() is None:
        sys.stderr.write("No PostgreSQL here: set PG_BIN, or install postgresql.\n")
        return 1
    with postgres_server.running(*SERVER) as url, tempfile.TemporaryDirectory() as data:
        environment = {**os.environ, "DATABASE_URL": url, "DATA_DIR": data, "LOG_LEVEL": "WARNING"}
        environment |= {"SECRET_KEY": secrets.token_hex(32), "SECRETS_KEY": secrets.token_hex(32)}
        environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
        words = [str(options.calls), str(options.logs_of), str(options.requests), options.only]
        return subprocess.run([sys.executable, "-m", "tests.benchmarks.pages", *words], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
