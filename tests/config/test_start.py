"""What a process imports before it does anything: what it needs for its work, and nothing that only another needs. Each package here costs
20 to 400 ms of CPU, in every process that imports it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("cdr.admin.site", "cdr.api.v1", "ninja", "pydantic", "limits", "mozilla_django_oidc", "requests", "zxcvbn", "jinja2")
SERVER = ("daphne", "twisted", "autobahn")
CALLS = ("numpy", "soxr", "streams.calls.relay", "streams.pure.gateway.dialects", "websockets")
SELDOM = ("xlsxwriter", "segno")
BROKER = ("redis", "kombu.transport.redis")

COMMAND = "import django; django.setup()"
BEAT = "from config.celery import app; app.loader.init_worker(); import config.beat"
WORKER = f"{BEAT}; from celery.signals import worker_init; worker_init.send(None)"
KEEPER = "import django; django.setup(); import config.management.commands.serve"
WEB = f"{KEEPER}; import config.web_server"


def imported(code: str, folder: Path, **environment: str) -> set[str]:
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings", **environment}
    command = [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"]
    return set(subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize(
    ("code", "needless", "needed"),
    [
        (COMMAND, (*PAGES, *SERVER, *CALLS, *SELDOM, *BROKER, "celery", "kombu", "httpcore2", "pycares"), ("streams.models",)),
        (KEEPER, (*PAGES, *SERVER, *CALLS, *SELDOM), ("config.serving_processes",)),
        (BEAT, (*PAGES, *SERVER, *CALLS, *SELDOM, *BROKER), ("config.beat",)),
        (WORKER, (*PAGES, *SERVER, *CALLS, *SELDOM), ("streams.tasks", "cdr.tasks", "httpcore2", "kombu.transport.redis")),
    ],
)
def test_no_process_imports_what_only_another_needs(code: str, needless: tuple[str, ...], needed: tuple[str, ...], tmp_path: Path) -> None:
    found = imported(code, tmp_path)
    assert (found & {*needless}, {*needed} - found) == (set(), set())


def test_what_serves_has_all_that_calls_and_pages_need_before_the_first_comes(tmp_path: Path) -> None:
    """What is imported later is imported in the middle of calls, and their audio waits for it."""
    found = imported(WEB, tmp_path)
    needed = {
        *PAGES,
        *SERVER,
        *CALLS,
        "httpcore2",
        "pycares",
        "phonenumbers",
        "cryptography.fernet",
        "config.celery",
        "kombu.transport.redis",
    }
    assert needed - found == set()
    assert "xlsxwriter" not in found  # a worker writes files


def test_no_command_of_ours_has_the_code_checked_for_which_all_pages_are_imported() -> None:
    commands = [path for app in ("config", "streams", "cdr") for path in (ROOT / app / "management/commands").glob("[a-z]*.py")]
    asked = {
        path.stem: re.findall(r"^    requires_system_checks\b.* = (.*?)(?:  #.*)?$", path.read_text(), re.MULTILINE) for path in commands
    }
    assert {*map(tuple, asked.values())} <= {("[]",), ('["installation"]',), ('["installation", Tags.database]',)}, asked
    assert asked["serve"] == ['["installation"]'], "a wrong SECRETS_KEY stops it"
