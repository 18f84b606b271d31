"""The rules of lint/rules.yaml: each finds the fault it is there for, where it is there for it, and passes what is right."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
SEMGREP = ROOT / ".venv-lint/bin/semgrep"
pytestmark = pytest.mark.skipif(not SEMGREP.exists(), reason="the house's own rules: there is no .venv-lint (make setup-lint)")

WRONG = {
    "dial-through-the-guard": (
        ("cdr/new.py", "import socket\nsocket.create_connection((host, 80))"),
        ("streams/new.py", "from socket import getaddrinfo as look_up\nlook_up(host, 80)"),
        ("cdr/api/new.py", "from urllib.request import urlopen\nreached = urlopen"),
        ("cdr/api/new.py", "import urllib.request\nurllib.request.build_opener()"),
        ("streams/new.py", "from http.client import HTTPSConnection\nHTTPSConnection(host)"),
        ("streams/new.py", "from websockets.asyncio.client import connect\nconnect(url)"),
        ("streams/new.py", "import websockets\nwebsockets.connect(url)"),
        ("streams/new.py", "import httpx"),
        ("cdr/new.py", "from requests import get"),
        ("streams/new.py", "import pycares\npycares.Channel()"),
        ("cdr/new.py", "import asyncio\nasyncio.open_connection(host, 80)"),
        ("cdr/new.py", "loop.create_connection(make, host, 80)"),
    ),
    "compare-secrets-in-constant-time": (
        ("cdr/new.py", "account.auth_token == given"),
        ("cdr/new.py", "given != account.auth_token"),
        ("streams/new.py", "if headers['signature'] == expected: pass"),
        ("streams/new.py", "sha256(given).hexdigest() == row.password_digest"),
        ("streams/new.py", "fine = a and b and token == make()"),
        ("config/new.py", "secret == self.signing_secret"),
    ),
    "admin-declares-its-look-ups": (
        ("cdr/admin/new.py", "from django.contrib import admin\nclass NewAdmin(admin.ModelAdmin): pass"),
        ("cdr/admin/new.py", "from django.contrib.admin import ModelAdmin\nclass NewAdmin(Mixed, ModelAdmin): pass"),
        ("cdr/admin/new.py", "from django.contrib.auth.admin import UserAdmin\nclass NewAdmin(UserAdmin): pass"),
        ("cdr/new.py", "from django.contrib.admin.views.main import ChangeList\nclass NewList(ChangeList): pass"),
        ("cdr/new.py", "from django.contrib import admin\nadmin.site.register(Account)"),
        ("cdr/admin/new.py", "from django.contrib import admin\n@admin.register(Account)\nclass NewAdmin(PageAdmin): pass"),
        ("cdr/admin/new.py", "class NewAdmin(PageAdmin):\n    def lookup_allowed(self, lookup, value, request): return True"),
    ),
    "desk-reads-rows-of-a-scope": (
        ("cdr/desk/new.py", "from streams.models import Call\ncalls = Call.objects.filter(uuid=key)"),
        ("cdr/desk/new.py", "def calls(self): return self.model._default_manager.all()"),
        ("cdr/desk_logs.py", "from streams.models import Stream\nStream.objects.get(uuid=key)"),
        ("cdr/desk/new.py", "from cdr.pages.call import call_page\ncall_page(key, now)"),
        ("cdr/desk/new.py", "from cdr.pages.stream import charge_of, find_stream"),
        ("cdr/desk/new.py", "from cdr.pages.log.subject import call_log as log"),
        ("cdr/desk/new.py", "from cdr.admin.filters.calls_and_streams import AccountFilter"),
        ("cdr/desk/new.py", "from cdr.admin.lists.search import matching"),
        ("cdr/desk/new.py", "from django.shortcuts import get_object_or_404\nget_object_or_404(rows, pk=1)"),
        ("cdr/desk/new.py", "from django.db import connection\nconnection.cursor()"),
    ),
    "pool-without-shares": (
        ("streams/calls/new.py", "from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor(8)"),
        ("streams/new.py", "import concurrent.futures\nconcurrent.futures.ThreadPoolExecutor(8)"),
        ("cdr/new.py", "import asyncio\nplaces = asyncio.Semaphore(8)"),
        ("cdr/new.py", "import threading\nthreading.Thread(target=work)"),
        ("cdr/new.py", "import asyncio\nasync def f(): await asyncio.to_thread(work)"),
        ("cdr/new.py", "loop.run_in_executor(None, work)"),
    ),
    "no-wall-clock-arithmetic-in-media": (
        ("streams/calls/new.py", "import time\ndef f(began): return time.time() - began"),
        ("streams/customers/new.py", "import time\ndef f(began):\n    now = time.time()\n    return now - began > 3"),
        ("streams/pure/call/new.py", "from datetime import UTC, datetime\ndef f(until): return datetime.now(UTC) < until"),
        ("streams/gateways/new.py", "from django.utils import timezone\ndef f(pause): return timezone.now() + pause"),
        ("streams/consumers.py", "import time\ndef f(until):\n    while time.time() < until: pass"),
    ),
    "pure-has-no-clock": (
        ("streams/pure/new.py", "import time\ndef f(): return time.monotonic()"),
        ("cdr/pure/new.py", "from datetime import datetime\ndef f(): return datetime.now()"),
        ("cdr/pure/new.py", "import random"),
    ),
    "no-expression-of-a-visitors": (
        ("cdr/new.py", "Account.objects.filter(name__regex=asked)"),
        ("cdr/admin/new.py", "look_up = 'name__iregex'"),
    ),
    "no-timeout-that-swallows-cancellation": (
        ("streams/calls/new.py", "import asyncio\nasync def keep():\n    while True: await asyncio.wait_for(heard.wait(), 2)"),
        ("cdr/new.py", "from asyncio import wait_for\nasync def f(): await wait_for(receive(), 2)"),
        ("config/new.py", "import asyncio as aio\nbounded = aio.wait_for"),
    ),
}
RIGHT = (
    (
        "streams/calls/new.py",
        "import asyncio\nasync def f():\n    async with asyncio.timeout(2): await heard.wait()\n    await asyncio.wait([task], timeout=2)",
    ),
    ("streams/guard.py", "import socket\nsocket.getaddrinfo(host, 80)"),
    ("streams/simulate/new.py", "import asyncio\nasyncio.open_connection(host, 80)"),
    ("cdr/new.py", "from urllib.parse import urlsplit\nurlsplit(url)"),
    ("cdr/new.py", "import hmac\nhmac.compare_digest(account.auth_token, given)"),
    ("cdr/new.py", "if account.auth_token == '': pass"),
    ("cdr/new.py", "if token is None or len(token) == 20: pass"),
    ("cdr/new.py", "if token != token.strip(): pass"),
    ("cdr/new.py", "if name != SECRET or reason == Reason.WRONG_PASSWORD: pass"),
    ("cdr/admin/understood.py", "from django.contrib import admin\nclass ListAdmin(admin.ModelAdmin): pass"),
    ("cdr/admin/new.py", "from django.contrib import admin\n@admin.register(User, site=console)\nclass NewAdmin(Audited, UserAdmin): pass"),
    ("streams/database_threads.py", "from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor(8)"),
    ("streams/calls/new.py", "import time\nwrite(at=time.time())\nbegan = time.monotonic()\nlasted = time.monotonic() - began"),
    ("streams/calls/new.py", "import time\nmilliseconds = round(time.time() * 1000)"),
    ("cdr/new.py", "from django.utils import timezone\nold = timezone.now() - KEPT"),
    ("cdr/desk/new.py", "from cdr.pages.call import page_of_call\ncall = scope_here(request).rows(Call).filter(uuid=key).first()"),
    ("cdr/desk_scope.py", "def rows(model): return model._default_manager.filter(account=1)"),
)
EXAMPLES = [*(example for examples in WRONG.values() for example in examples), *RIGHT]


class Found(NamedTuple):
    rule: str
    file: str


def found_in(folder: Path) -> set[Found]:
    """Semgrep takes seconds to begin, so all examples are looked at in one go."""
    for number, (path, code) in enumerate(EXAMPLES):
        # Rules name paths from the root of the code; an example's number is in its file's name.
        file = folder / path.replace("new.py", f"new_{number}.py")
        file.parent.mkdir(parents=True, exist_ok=True)
        assert not file.exists(), f"two examples are one file: {file}"
        file.write_text(code + "\n")
    options = ["--json", "--quiet", "--metrics=off", "--oss-only", "--no-git-ignore", "--config", str(ROOT / "lint/rules.yaml")]
    environment = {**os.environ, "SEMGREP_ENABLE_VERSION_CHECK": "0", "HOME": str(folder)}
    done = subprocess.run(
        [SEMGREP, "scan", *options, "."], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    said = json.loads(done.stdout)
    assert not said["errors"], said["errors"]
    return {Found(result["check_id"].rpartition(".")[2], result["path"]) for result in said["results"]}


def file_of(number: int) -> str:
    return EXAMPLES[number][0].replace("new.py", f"new_{number}.py")


def test_every_rule_finds_its_fault_and_passes_what_is_right(tmp_path: Path) -> None:
    found = found_in(tmp_path)
    numbers = iter(range(len(EXAMPLES)))
    wanted = {Found(rule, file_of(next(numbers))) for rule, examples in WRONG.items() for _ in examples}
    assert wanted - found == set()
    right = {file_of(number) for number in range(len(EXAMPLES) - len(RIGHT), len(EXAMPLES))}
    assert {one for one in found if one.file in right} == set()


def test_there_is_no_rule_without_an_example() -> None:
    assert set(re.findall(r"^  - id: (\S+)$", (ROOT / "lint/rules.yaml").read_text(), re.MULTILINE)) == set(WRONG)
