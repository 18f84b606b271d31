"""The tables as migrations make them, in a SQLite file that is copied instead of being made anew by each process that needs one.

Owns that file: below build/, named by the sources it was made of, made by `manage.py migrate` as an operator makes it. That migrations make
it is tried elsewhere: by `manage.py run` on an empty folder, and on PostgreSQL, which is migrated each time."""

import fcntl
import hashlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from copy import deepcopy
from pathlib import Path
from typing import Any
from unittest import mock

from django.db import connections
from django.db.backends.sqlite3.creation import DatabaseCreation
from django.db.models import Field

from tests.journeys.processes import clean_environment

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "build/migrated"


def copy_to(place: Path) -> None:
    shutil.copyfile(file(), place)


def file() -> Path:
    """The file for the sources as they are; whoever asks first makes it, others wait."""
    made = KEPT / f"{digest_of_sources()}.sqlite3"
    if not made.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        with open(KEPT / "lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                for old in KEPT.glob("*.sqlite3"):
                    old.unlink()
                make(made)
    return made


def digest_of_sources() -> str:
    """Of all that may have a say: models and their permissions, migrations, who listens to them, Django."""
    digest = hashlib.sha256((ROOT / "requirements-dev.txt").read_bytes() + sys.version.encode())
    for source in sorted(path for package in ("config", "streams", "cdr") for path in (ROOT / package).rglob("*.py")):
        digest.update(str(source.relative_to(ROOT)).encode() + source.read_bytes())
    return digest.hexdigest()[:16]


def make(made: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="migrated-", dir=KEPT) as folder:
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(command, cwd=ROOT, env=clean_environment() | {"DATA_DIR": folder}, check=True)
        (database,) = Path(folder).glob("*.sqlite3")
        with sqlite3.connect(database) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        database.rename(made)


def let_databases_of_tests_be_copies() -> None:
    """Where Django migrates a database for the tests on SQLite, it takes a copy of that file."""
    create = DatabaseCreation.create_test_db

    def copied(command: str, *, database: str, **options: Any) -> None:
        if command != "migrate":
            return
        connections[database].ensure_connection()
        source = sqlite3.connect(file())
        source.backup(connections[database].connection)
        source.close()

    def created(creation: DatabaseCreation, *arguments: Any, **options: Any) -> str:
        with mock.patch("django.core.management.call_command", copied):
            return str(create(creation, *arguments, **options))

    DatabaseCreation.create_test_db = created  # type: ignore[assignment,method-assign]


def let_fields_be_copied() -> None:
    """Migrating makes the models of each time anew, and each of their fields of its arguments, which is a third of what it takes. Here they
    are copied, as Django copies those of an abstract model, unless they are a model's already; `manage.py migrate` makes them as ever."""
    made_anew = Field.clone

    def clone(field: Any) -> Any:
        return made_anew(field) if hasattr(field, "model") else deepcopy(field)

    Field.clone = clone  # type: ignore[method-assign,assignment]
