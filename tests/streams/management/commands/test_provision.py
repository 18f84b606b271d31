"""The command: what it prints, and how it ends."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from streams.models import Account

pytestmark = pytest.mark.django_db


def run(file: Path) -> str:
    out = io.StringIO()
    call_command("provision", str(file), stdout=out)
    return out.getvalue()


def test_it_says_what_it_created_changed_and_left(tmp_path: Path):
    file = tmp_path / "accounts.json"
    file.write_text(json.dumps({"accounts": [{"name": "Acme", "rate": 1}]}))
    assert run(file) == "created  account Acme\n1 created, 0 changed, 0 left as they were.\n"
    assert run(file) == "left     account Acme\n0 created, 0 changed, 1 left as they were.\n"
    file.write_text(json.dumps({"accounts": [{"name": "Acme", "rate": 2, "currency": "EUR"}]}))
    assert run(file) == "changed  account Acme (rate, currency)\n0 created, 1 changed, 0 left as they were.\n"


def test_every_problem_is_a_line_and_nothing_is_changed(tmp_path: Path):
    file = tmp_path / "accounts.json"
    file.write_text('{"accounts": [{"name": "Good"}, {"nmae": "Bad"}]}')
    with pytest.raises(CommandError) as error:
        run(file)
    first, *lines = str(error.value).splitlines()
    assert first == f"{file} was not applied and nothing was changed. What is wrong with it:"
    assert [line.split(":")[0].strip() for line in lines] == ["accounts[1].name", "accounts[1].nmae"]
    assert not Account.objects.exists()


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(CommandError, match="cannot be read: No such file or directory"):
        run(tmp_path / "none.json")
