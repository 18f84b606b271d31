"""The manual's commands, run in their order on a clean tree: a database and a Redis of its own, tables, people, accounts, processes, a
call, a dump and its restore. What wants root and a machine of its own (`console` blocks) is not run."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import postgres_server
from tests.free_port import free_port
from tests.journeys.installation import redis_server
from tests.journeys.processes import STARTER, ChildProcess, clean_environment
from tests.report import NOTE

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECTIONS = ("## Installing", "## Backups")
COUNTED = " ".join(f'-c "SELECT count(*) FROM {table}"' for table in ("streams_call", "streams_streamevent", "cdr_auditentry"))
ACCOUNTS = {
    "accounts": [
        {
            "name": "Acme",
            "auth_token": "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5",
            "applications": [{"name": "bot", "answer_xml": "<Response/>"}],
            "gateways": [{"name": "pbx1", "password": "k4PzX0vQm8sYtLwR2bNc", "application": "bot"}],
        }
    ]
}


def blocks() -> list[str]:
    """Those that are to be run, of the sections that say how to come from nothing to a call, and back from a dump."""
    manual = (ROOT / "docs/operation.md").read_text()
    parts = ["## " + part for part in manual.split("\n## ")]
    return [block for part in parts if part.startswith(SECTIONS) for block in BLOCK.findall(part)]


class Machine:
    """What the commands find in place of the machine of the manual."""

    def __init__(self, folder: Path, database: str) -> None:
        self.home, self.bin, self.data = folder / "opt", folder / "bin", folder / "data"
        self.media, self.redis = free_port(), free_port()
        self.socket = re.search(r"host=([^&]+)", database)[1]  # type: ignore[index]  # as postgres_server names it
        for place in (self.home, self.bin):
            place.mkdir()
        copy_of_what_is_tracked(self.home)
        shutil.copy(self.home / "deploy/streamdesk", self.bin / "streamdesk")
        (self.home / "accounts.json").write_text(json.dumps(ACCOUNTS))
        places = os.pathsep.join([str(self.bin), str(postgres_server.binaries()), os.environ["PATH"]])
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        self.environment = clean_environment() | {
            "PATH": places,
            "STREAMDESK_HOME": str(self.home),
            "STREAMDESK_ENV": str(folder / "streamdesk.env"),
            "STREAMDESK_USER": user,
            "PGHOST": self.socket,
            "PGUSER": "streamdesk",
            "PGDATABASE": "postgres",
            "GATEWAY_PASSWORD": "k4PzX0vQm8sYtLwR2bNc",
            "DATABASE_URL": self.database("streamdesk"),
        }
        self.fill_in(folder / "streamdesk.env", "streamdesk")

    def database(self, name: str) -> str:
        return f"postgresql://platform@/{name}?host={self.socket}"

    def fill_in(self, file: Path, database: str) -> None:
        """The example that is shipped, with what an operator would write."""
        written = {
            "SECRET_KEY": "kZ7-2qLw9xB4vT1mN6pR8sD3fG5hJ0cYaU_eWiOzXbQkA7d-LmVy2",
            "SECRETS_KEY": "aB3-5tYw8uK1nM4jH7gF0dS2zX6cV9qE_rTpOiLkWmNbQvGyJf",
            "DATABASE_URL": f'"{self.database(database)}"',
            "REDIS_URL": f"redis://:Zk8vQ2mX@127.0.0.1:{self.redis}/0",
            "DATA_DIR": str(self.data),
            "STATIC_ROOT": str(self.data / "static"),
            "PUBLIC_URL": "https://127.0.0.1:1",  # refused at once, where the name of the example is looked for
            "LEASE_SECONDS": "2",
            "DRAIN_NOTICE_SECONDS": "0",
        }
        lines = [line for line in file_lines() if line.split("=")[0] not in written]
        file.write_text("\n".join([*lines, *(f"{name}={value}" for name, value in written.items())]) + "\n")

    def here(self, block: str) -> str:
        """The block as it is run here: the places and the port are others, and what is installed already is not fetched again."""
        replaced = {
            "cd /opt/streamdesk": f"cd {self.home}",
            "python3 -m venv .venv": f"ln -s {Path(sys.executable).parent.parent} .venv",
            ".venv/bin/pip install --require-hashes -r requirements.txt": "test -x .venv/bin/pip",
            "sudo -u postgres ": "",
            "--owner=streamdesk": "--owner=platform",
            "postgresql://streamdesk:a-long-one@127.0.0.1:5432/restored": f"'{self.database('restored')}'",
            "CREATE ROLE streamdesk": "CREATE ROLE platform",
            "OWNER streamdesk": "OWNER platform",
            "127.0.0.1:8001": f"127.0.0.1:{self.media}",
            # Warnings are right: the name leads nowhere from here, and the tests may run as root.
            "streamdesk doctor": "streamdesk doctor || [ $? -eq 1 ]",
        }
        for manual, here in replaced.items():
            block = block.replace(manual, here)
        return block

    def run(self, block: str) -> str:
        command = ["sh", "-euc", self.here(block)]
        done = subprocess.run(command, cwd=self.home, env=self.environment, capture_output=True, text=True, timeout=200, check=False)
        assert done.returncode == 0, f"{self.here(block)}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def start(self, *command: str) -> ChildProcess:
        return ChildProcess(command[-1], command, self.home, self.environment)


def file_lines() -> list[str]:
    return (ROOT / "deploy/streamdesk.env.example").read_text().splitlines()


def copy_of_what_is_tracked(place: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("this is no git checkout, so nobody knows what belongs to a clean tree")
    for name in filter(None, listed.stdout.decode().split("\0")):
        source = ROOT / name
        if source.is_file() and not name.startswith("tests/"):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place / name)
            copy_of_what_is_compiled(source, (place / name).parent / "__pycache__")


def copy_of_what_is_compiled(source: Path, place: Path) -> None:
    """Or a dozen processes would begin with compiling all of it."""
    for compiled in source.parent.glob(f"__pycache__/{source.stem}.{sys.implementation.cache_tag}.pyc"):
        place.mkdir(exist_ok=True)
        shutil.copy2(compiled, place / compiled.name)


@pytest.fixture(scope="module")
def starter() -> None:
    """The thread that starts children lives as long as the tests do."""
    STARTER.submit(lambda: None).result()


@pytest.fixture
def machine(tmp_path: Path, starter: None) -> Iterator[Machine]:
    if postgres_server.binaries() is None or not (postgres_server.binaries() / "pg_dump").exists():  # type: ignore[operator]
        pytest.skip("there is no PostgreSQL with its tools here")
    if not all(map(shutil.which, ("git", "curl"))):
        pytest.skip("there is no git or no curl here")
    with postgres_server.running() as database:
        yield Machine(tmp_path, database)


@pytest.mark.slow
def test_the_commands_of_the_manual_lead_from_nothing_to_a_call_and_back_from_a_dump(machine: Machine, record_property) -> None:
    code, role, tables, call, dump, restore = blocks()
    with ExitStack() as processes:
        redis = machine.start(redis_server(), "--port", str(machine.redis), "--requirepass", "Zk8vQ2mX", "--save", "")
        processes.callback(redis.stop)
        redis.wait_for_line("Ready to accept connections")
        machine.run(code)
        machine.run(role)
        assert "3 created, 0 changed, 0 left" in machine.run(tables)
        for command in (("streamdesk", "serve", "--role", "media", "--port", str(machine.media)), worker(machine)):
            process = machine.start(*command)
            processes.callback(process.stop)
            process.wait_for_line(r"Listening on|ready\.|celery@")
        machine.run(f"for try in $(seq 300); do curl -fsS http://127.0.0.1:{machine.media}/status && break; sleep 0.1; done")
        said = machine.run(call)
        assert "well         work" in said and "ERROR" not in said and '"ready": true' in said
        machine.run(dump)
        machine.fill_in(Path(machine.environment["STREAMDESK_ENV"]), "restored")
        machine.run(restore)
        there, again = (machine.run(f"psql -At -d {name} {COUNTED}") for name in ("streamdesk", "restored"))
        assert there == again and there.startswith("1\n")
    record_property(NOTE, "the steps that want root (users, systemd, nginx's place) NOT RUN")


def worker(machine: Machine) -> tuple[str, ...]:
    settings = f"set -a; . {machine.environment['STREAMDESK_ENV']}; set +a"
    return ("sh", "-euc", f"{settings}; exec .venv/bin/python -m celery -A config worker --beat --loglevel INFO")


def test_every_block_that_a_machine_could_run_is_marked() -> None:
    assert len(blocks()) == 6
