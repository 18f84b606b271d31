"""What a process imports before it does anything: what it needs for its work, and nothing that only another needs. Each package here costs
20 to 400 ms of CPU, in every process that imports it."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests import migrated

ROOT = Path(__file__).parents[2]
PAGES = ("cdr.admin.site", "cdr.api.v1", "ninja", "pydantic", "limits", "mozilla_django_oidc", "requests", "zxcvbn", "jinja2")
SERVER = ("daphne", "twisted", "autobahn")
CALLS = ("numpy", "soxr", "streams.calls.relay", "streams.pure.gateway.dialects", "websockets")
SELDOM = ("xlsxwriter", "segno")
POSTGRESQL = ("psycopg",)
BROKER = ("redis", "kombu.transport.redis")

COMMAND = "import django; django.setup()"
KEEPER = "import config.management.commands.serve"
MEDIA = "import config.web_server; config.web_server.served_as('media')"
WEB = "from config.asgi import application"
BEAT = "from config.celery import app; app.loader.init_worker(); import config.beat"
WORKER = "from celery.signals import worker_init; worker_init.send(None)"

WORK = """
from concurrent.futures import ThreadPoolExecutor
from django.conf import settings
with ThreadPoolExecutor(1) as threads:
    assert threads.submit(lambda: app.backend).result() is app.backend, "each thread makes one"
for each in settings.CELERY_BEAT_SCHEDULE.values():
    app.tasks[each["task"]]()
"""

COUNTED = """
import gc, sys
assert gc.isenabled() and gc.get_freeze_count() > {least_frozen}, gc.get_freeze_count()
print(*sys.modules)
"""


def imported(folder: Path, *steps: str) -> list[set[str]]:
    """What is there after each step of one process; and the garbage collector is at work there, and looks at little of it."""
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings"}
    code = "\n".join(step + COUNTED.format(least_frozen=150_000 if step == WEB else 30_000) for step in steps)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [set(line.split()) for line in done.stdout.splitlines()]


def test_no_process_of_celerys_imports_what_only_another_needs(tmp_path: Path) -> None:
    migrated.copy_to(tmp_path / "streamdesk.sqlite3")
    beat, worker, at_work = imported(tmp_path, BEAT, WORKER, WORK)
    assert (beat & {*PAGES, *SERVER, *CALLS, *SELDOM, *BROKER, *POSTGRESQL}, "config.beat" in beat) == (set(), True)
    needed = {"streams.tasks", "cdr.tasks", "httpcore2", "kombu.transport.redis"}
    assert (worker & {*PAGES, *SERVER, *CALLS, *SELDOM, *POSTGRESQL}, needed - worker) == (set(), set())
    assert (at_work & {*PAGES, *SERVER, *CALLS, *SELDOM, *POSTGRESQL}, "config.work_troubles" in at_work) == (set(), True)


def test_a_command_imports_little_and_what_serves_all_that_calls_and_pages_need_before_the_first_comes(tmp_path: Path) -> None:
    """What is imported later is imported in the middle of calls, and their audio waits for it."""
    command, keeper, media, web = imported(tmp_path, COMMAND, KEEPER, MEDIA, WEB)
    needless = {*PAGES, *SERVER, *CALLS, *SELDOM, *BROKER, *POSTGRESQL, "celery", "kombu", "httpcore2", "pycares"}
    assert (command & needless, "streams.models" in command) == (set(), True)
    assert (keeper & {*PAGES, *SERVER, *CALLS, *SELDOM}, "config.serving_processes" in keeper) == (set(), True)
    needed = {*SERVER, *CALLS, "httpcore2", "pycares", "phonenumbers", "cryptography.fernet", "config.celery", BROKER[1]}
    assert (media & {*PAGES, SELDOM[0]}, needed - media) == (set(), set())
    assert {*PAGES} - web == set()
    assert web & {"xlsxwriter", *POSTGRESQL} == set()  # a worker writes files; and this is SQLite


def test_no_command_of_ours_has_the_code_checked_for_which_all_pages_are_imported() -> None:
    commands = [path for app in ("config", "streams", "cdr") for path in (ROOT / app / "management/commands").glob("[a-z]*.py")]
    asked = {
        path.stem: re.findall(r"^    requires_system_checks\b.* = (.*?)(?:  #.*)?$", path.read_text(), re.MULTILINE) for path in commands
    }
    assert {*map(tuple, asked.values())} <= {("[]",), ('["installation"]',), ('["installation", Tags.database]',)}, asked
    assert asked["serve"] == ['["installation"]'], "a wrong SECRETS_KEY stops it"
