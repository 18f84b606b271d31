"""The command: what it prints, for people and programs, and how it ends; also where nothing is there to be examined."""

import json
import os
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from config.doctor.examining import Report
from config.doctor.findings import error, warning
from config.management.commands import doctor
from tests import warm_start

ROOT = Path(__file__).parents[4]


def ended(monkeypatch: pytest.MonkeyPatch, *reports: Report, **options: object) -> tuple[int, str]:
    monkeypatch.setattr(doctor, "examine_all", lambda examinations, limit_seconds: iter(reports))
    out = StringIO()
    try:
        call_command("doctor", stdout=out, **options)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


def test_how_it_ends_says_how_bad_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    well, old, away = (
        Report("disk", []),
        Report("redis", [warning("It is old.", "Upgrade it.")]),
        Report("x", [error("It is away.", "Start it.")]),
    )
    assert ended(monkeypatch, well) == (0, "well         disk\nNothing was found that is not well.\n")
    assert ended(monkeypatch, well, old)[0] == 1
    status, text = ended(monkeypatch, well, old, away, Report("y", [], "start it"))
    assert status == 2
    assert "ERROR        x: It is away.\n             -> Start it.\nnot examined y: start it\n1 errors, 1 warnings." in text


def test_programs_get_one_object(monkeypatch: pytest.MonkeyPatch) -> None:
    status, text = ended(monkeypatch, Report("x", [error("It is away.", "Start it.")]), json=True)
    assert (status, json.loads(text)) == (
        2,
        [{"examined": "x", "skipped": "", "findings": [{"severity": "error", "what": "It is away.", "remedy": "Start it."}]}],
    )


@pytest.mark.django_db(transaction=True)
def test_all_of_it_runs_and_says_what_is_not_there(capfd: pytest.CaptureFixture[str]) -> None:
    """Of the tests' own installation, which has no Redis and no worker."""
    out = StringIO()
    with pytest.raises(SystemExit, match="2"):
        call_command("doctor", stdout=out)
    text = out.getvalue()
    assert "ERROR        redis: Redis does not answer" in text and "ERROR        work: No worker has done anything yet." in text
    assert "could not be examined" not in text and "no answer within" not in text
    assert "well         writing" in text and "well         migrations" in text


def test_with_no_database_at_all_it_says_so_and_no_password(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(tmp_path),
        "SECRET_KEY": "k" * 50,
        "SECRETS_KEY": "s" * 50,
        "DATABASE_URL": "postgresql://desk:hunter2hunter2@127.0.0.1:1/desk",
        "REDIS_URL": "redis://:hunter3hunter3@127.0.0.1:1/0",
    }
    done = warm_start.outcome(["manage.py", "doctor"], environment)
    assert done.returncode == 2 and done.stderr == ""
    assert "ERROR        database: The database does not answer" in done.stdout
    assert "not examined passwords: the database has to answer first" in done.stdout
    assert "hunter" not in done.stdout
