"""What docs/api.md says to type of Streamdesk's own operations, typed: it works as it stands there, and answers in the documented form."""

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cdr.audit import Actor
from cdr.models import Adjustment
from cdr.statements.closing import close_statement
from streams.models import Call, StreamEvent
from tests.cdr.api.customers import Customer
from tests.cdr.factories import closed_call
from tests.cdr.statements.charged import charged

DOCUMENT = Path(__file__).parents[3] / "docs" / "api.md"
SECTIONS = (
    *("Get the usage", "List statements", "Get a statement"),
    *("Read or follow a stream's debug log", "List a stream's callbacks"),
)
NOON = datetime(2026, 10, 3, 12, tzinfo=UTC)


@pytest.fixture
def documented(acme: Customer) -> Call:
    """What the examples ask for: September closed, October open with a credit, a stream with callbacks."""
    call = closed_call(acme.gateway, NOON)
    charged(NOON - timedelta(days=30), 60, acme.account.name, acme.gateway.name)
    close_statement(acme.account, "USD", NOON.date().replace(month=9, day=1), Actor("anna", None))
    Adjustment.objects.create(account=acme.account, currency="USD", amount="-0.00100", reason="Trouble", at=NOON, created_by="anna")
    return call


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(shutil.which("curl") is None, reason="There is no curl here.")
def test_each_works_as_it_stands_there(acme: Customer, documented: Call, live_server: Any) -> None:
    environment = {
        "AUTH_ID": acme.account.auth_id,
        "AUTH_TOKEN": acme.auth_token,
        "API": f"{live_server.url}/v1/Account/{acme.account.auth_id}",
        "CALL": str(documented.uuid),
        "STREAM": str(documented.streams.get().uuid),
    }
    for title in SECTIONS:
        section = DOCUMENT.read_text().partition(f"### {title}:")[2].partition("\n### ")[0]
        command, answer = re.findall(r"```(?:sh|json)\n(.*?)```", section, re.DOTALL)
        body = json.loads(run(["bash", "-c", command], environment))
        assert shape(body) == shape(json.loads(answer)), title
        assert all(body.get(name) != [] for name in ("objects", "days", "corrections")), title
        for program in re.findall(r"```python\n(.*?)```", section, re.DOTALL):
            names = "".join(f"{name} = {value!r}\n" for name, value in environment.items())
            printed = run([sys.executable, "-c", names + program], environment).splitlines()
            count = StreamEvent.objects.filter(call=documented).count()
            assert [line.split()[0] for line in printed] == [str(number) for number in range(1, count + 1)]


def run(command: list[str], environment: dict[str, str]) -> str:
    whole = {**os.environ, **environment}
    return subprocess.run(command, env=whole, capture_output=True, text=True, timeout=60, check=True).stdout


def shape(value: Any) -> Any:
    """The names in it, however deep; of a list those of its first."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items() if name != "details"}
    return [shape(part) for part in value[:1]] if isinstance(value, list) else None
