"""A bulk export: every row once, in order, whole numbers or masked; one that is cut anywhere goes on and ends as if it had not been."""

import csv
import json
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from cdr.bulk_export import mark as mark_module
from cdr.bulk_export import running
from cdr.bulk_export.asked import Asked
from cdr.bulk_export.forms import field_name
from cdr.bulk_export.mark import held, mark_file, read_mark
from cdr.bulk_export.running import cut_before, where_to_begin, write_all
from cdr.models import AuditEntry
from streams.models import Account, Call, Stream
from tests.cdr.call_script import STARTED, make_gateway
from tests.cdr.factories import good_call, refused_call

pytestmark = pytest.mark.django_db
END = STARTED + timedelta(days=30)
COUNT = 23
FORMS = ("csv", "jsonl", "parquet")
TALK = {
    "turns": 5,
    "response_p95_s": 6.2,
    "greeting_after_s": 0.9,
    "long_silences": 2,
    "interruptions_by_the_caller": 1,
    "bot_spoke_s": 11.5,
}
"""Of a stream whose conversation was measured, by the names of its fields."""


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Their uuids, the oldest first; several began at one instant. Read a few at once."""
    monkeypatch.setattr(running, "ROWS_AT_ONCE", 4)
    monkeypatch.setattr("cdr.bulk_export.forms.PART_ROWS", 8)
    account = Account.objects.create(name="Acme")
    for number in range(COUNT):
        Call.objects.create(account=account, started_at=STARTED + timedelta(seconds=number // 3), from_number=f"+1415555{number:04}")
    return [str(uuid) for uuid in Call.objects.order_by("started_at", "pk").values_list("uuid", flat=True)]


def asked(**other: Any) -> Asked:
    return Asked(**{"of": "calls", "start": None, "end": END, **other})


def written(output: Path, form: str, wanted: Asked, *, resume: bool = False) -> list[int]:
    return list(write_all(output, wanted, where_to_begin(wanted, form, cut_before(output, resume=resume, anew=False))))


def read(output: Path, form: str) -> list[dict[str, Any]]:
    """As other programs read it."""
    if form == "csv":
        with output.open(encoding="utf-8-sig", newline="") as file:
            return [{field_name(head): value for head, value in row.items()} for row in csv.DictReader(file)]
    if form == "jsonl":
        return [json.loads(line) for line in output.read_text().splitlines()]
    parquet = pytest.importorskip("pyarrow.parquet")
    return list(parquet.read_table(output).to_pylist())


@pytest.mark.parametrize("form", FORMS)
def test_every_row_is_there_once_in_order(form: str, calls: list[str], tmp_path: Path) -> None:
    output = tmp_path / f"cdr.{form}"
    assert written(output, form, asked())[-1] == COUNT
    assert [row["call_uuid"] for row in read(output, form)] == calls
    assert [file.name for file in tmp_path.iterdir()] == [output.name], "nothing else is left"
    assert output.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("after", [1, 2, 3, 5, 6])
def test_one_that_is_cut_goes_on_and_ends_as_if_it_had_not_been(form: str, after: int, calls: list[str], tmp_path: Path) -> None:
    """Cut after some parts, in the middle of a line that nobody had kept."""
    output, whole = tmp_path / f"cdr.{form}", tmp_path / f"whole.{form}"
    going = write_all(output, asked(), where_to_begin(asked(), form, None))
    for _ in range(after):
        next(going)
    going.close()
    if form != "parquet":
        with output.open("ab") as file:
            file.write(b'{"half a li')
    assert written(output, form, asked(), resume=True)[-1] == COUNT
    written(whole, form, asked())
    assert [row["call_uuid"] for row in read(output, form)] == calls
    assert read(output, form) == read(whole, form)
    if form != "parquet":
        assert output.read_bytes() == whole.read_bytes()


def test_what_failed_to_be_written_is_written_by_the_one_that_goes_on(
    calls: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full at the third part: rows and mark agree."""
    output, parts = tmp_path / "cdr.jsonl", 0
    keep = mark_module.keep_mark

    def full(*arguments: Any) -> None:
        nonlocal parts
        parts += 1
        if parts == 4:
            raise OSError(28, "No space left on device")
        keep(*arguments)

    monkeypatch.setattr(mark_module, "keep_mark", full)
    with pytest.raises(OSError, match="No space"):
        written(output, "jsonl", asked())
    monkeypatch.undo()
    mark = read_mark(output)
    assert mark is not None and mark.rows == 8
    assert written(output, "jsonl", asked(), resume=True)[-1] == COUNT
    assert [row["call_uuid"] for row in read(output, "jsonl")] == calls


def test_only_what_is_asked_for(calls: list[str], tmp_path: Path) -> None:
    other = Account.objects.create(name="Other")
    Call.objects.create(account=other, started_at=STARTED)
    wanted = asked(start=STARTED + timedelta(seconds=2), end=STARTED + timedelta(seconds=4), account=Account.objects.get(name="Acme"))
    output = tmp_path / "some.jsonl"
    written(output, "jsonl", wanted)
    assert [row["call_uuid"] for row in read(output, "jsonl")] == calls[6:12]


def test_each_part_is_read_by_one_query_and_those_that_are_fetched_with_it(calls: list[str], django_assert_num_queries) -> None:
    with django_assert_num_queries(2):  # calls, and their streams
        rows = asked().beyond(None, 10)
        [column.cell(row) for row in rows for column in asked().kind.columns]
    good_call(make_gateway())
    with django_assert_num_queries(1):
        [column.cell(row) for row in asked(of="streams").beyond(None, 10) for column in asked(of="streams").kind.columns]


@pytest.mark.parametrize("form", FORMS)
def test_all_columns_of_both_lists_of_calls_as_they_happen(form: str, tmp_path: Path) -> None:
    """Amounts to the last digit, no secret of a URL, and empty cells where there is nothing."""
    gateway = make_gateway()
    good_call(gateway)
    refused_call(gateway)
    Stream.objects.update(service_url="wss://user:hunter2@bot.example/?token=hunter3")
    for of in ("calls", "streams"):
        output = tmp_path / f"{of}.{form}"
        written(output, form, asked(of=of, whole_numbers=False))
        rows = read(output, form)
        assert len(rows) == 2 and "hunter" not in str(rows)
        number = Call.objects.first().from_number
        assert not any(number in str(value) for row in rows for value in row.values()), "masked"
    talked, silent = ({name: rows[place][name] for name in TALK} for place in (0, 1))
    empty = "" if form == "csv" else None
    assert silent == dict.fromkeys(TALK, empty)
    assert talked == {name: str(value) if form == "csv" else value for name, value in TALK.items()}
    if form == "parquet":
        assert {str(row["billed_amount"]) for row in rows} >= {"0.00300"}
        assert all(isinstance(row["requested_utc"], datetime) and row["requested_utc"].tzinfo for row in rows)


def test_numbers_cannot_become_formulas(tmp_path: Path) -> None:
    Call.objects.create(account=Account.objects.create(name='=HYPERLINK("x")'), started_at=STARTED, from_number="+14155550123")
    written(tmp_path / "cdr.csv", "csv", asked())
    [row] = read(tmp_path / "cdr.csv", "csv")
    assert row["account"].startswith("'=") and row["from"] == "'+14155550123"


# The command ------------------------------------------------------------------------------------------------------------------
@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    def export(name: str, *options: str) -> str:
        call_command("export_cdr", str(tmp_path / name), *options)
        return capsys.readouterr().out

    yield export


def test_the_command_says_how_many_and_leaves_an_entry(calls: list[str], run, tmp_path: Path) -> None:
    assert run("cdr.jsonl", "--from", f"{STARTED:%Y-%m-%d}").startswith(f"{COUNT} calls in ")
    entry = AuditEntry.objects.get()
    assert (entry.by, entry.act) == ("manage.py export_cdr", "export a list") and entry.details["what"].startswith("calls from ")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("cdr.txt",), "ends with no known form"),
        (("nowhere/cdr.csv",), "There is no folder"),
        (("cdr.csv", "--from", "yesterday-ish"), "is not a time"),
        (("cdr.csv", "--account", "Nobody"), "There is no account"),
        (("cdr.csv", "--from", "2026-11-24", "--to", "2026-11-23"), "--from is not before --to"),
    ],
)
def test_what_cannot_be_exported_is_said(run, options: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run(*options)


def test_nothing_is_written_over_and_nothing_goes_on_by_mistake(calls: list[str], run, tmp_path: Path) -> None:
    output = tmp_path / "cdr.csv"
    run("cdr.csv")
    with pytest.raises(CommandError, match="is there already"):
        run("cdr.csv")
    going = write_all(tmp_path / "cut.csv", asked(), where_to_begin(asked(), "csv", None))
    next(going)
    going.close()
    with pytest.raises(CommandError, match="was cut after 4 rows. Say --resume"):
        run("cut.csv")
    with pytest.raises(CommandError, match="What was cut is another export"):
        run("cut.csv", "--resume", "--of", "streams")
    assert run("cut.csv", "--resume").startswith(f"{COUNT} calls")
    assert run("cdr.csv", "--anew").startswith(f"{COUNT} calls")
    assert output.read_bytes() == (tmp_path / "cut.csv").read_bytes()


def test_two_do_not_write_one_file(run, tmp_path: Path) -> None:
    with held(tmp_path / "cdr.csv"), pytest.raises(CommandError, match="Another export_cdr"):
        run("cdr.csv")


def test_a_mark_or_a_file_that_somebody_changed_is_not_trusted(calls: list[str], run, tmp_path: Path) -> None:
    output = tmp_path / "cdr.csv"
    going = write_all(output, asked(), where_to_begin(asked(), "csv", None))
    next(going)
    going.close()
    output.write_text("short")
    with pytest.raises(CommandError, match="shorter than it was"):
        run("cdr.csv", "--resume")
    mark_file(output).write_text("[]")
    with pytest.raises(CommandError, match="cannot be read: remove it"):
        run("cdr.csv", "--resume")


def test_without_pyarrow_it_is_said_what_to_install(calls: list[str], run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CommandError, match=r"requirements-parquet\.txt"):
        run("cdr.parquet")


def test_a_link_in_the_place_of_the_file_is_not_followed(calls: list[str], run, tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("kept")
    (tmp_path / "cdr.csv").symlink_to(tmp_path / "victim")
    with pytest.raises(CommandError):
        run("cdr.csv", "--anew")
    assert (tmp_path / "victim").read_text() == "kept"


def test_an_empty_period_is_an_empty_file(run, tmp_path: Path) -> None:
    assert run("cdr.jsonl").startswith("0 calls")
    assert (tmp_path / "cdr.jsonl").read_text() == ""
