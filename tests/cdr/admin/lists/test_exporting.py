"""Exports as a person asks for them, as a worker writes them, and as their owner alone downloads them."""

import csv
import io
import tracemalloc
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import AsyncClient, Client
from django.utils import timezone

from cdr import exports, roles
from cdr.models import AuditEntry, Export
from cdr.tasks import remove_old_exports, run_exports
from streams import jobs
from streams.models import Account, Call, Gateway, Stream
from tests.cdr import factories
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.admin.reading import read
from tests.cdr.call_script import STARTED, make_gateway
from tests.cdr.test_spreadsheet import sheet

CALLS, STREAMS = "/admin/cdr/calldetail/", "/admin/cdr/streamdetail/"


@pytest.fixture(autouse=True)
def folder(exports_folder) -> Path:
    return exports_folder


@pytest.fixture
def gateway(db) -> Gateway:
    factories.one_of_each_kind()
    return make_gateway()


def ask(client: Client, path: str = STREAMS, query: str = "", form: str = "csv") -> Export:
    assert client.post(f"{path}exports/", {"query": query, "format": form}).status_code == 302
    return Export.objects.order_by("pk").last()


def download(client: Client, export: Export, path: str = STREAMS) -> tuple[int, bytes]:
    """By the ASGI handler, as in production."""
    browser = AsyncClient()
    browser.cookies = client.cookies

    async def fetched() -> tuple[int, bytes]:
        response: Any = await browser.get(f"{path}exports/{export.pk}/file/")
        return response.status_code, b"".join([part async for part in response]) if response.streaming else response.content

    return async_to_sync(fetched)()


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def exported(client: Client, path: str = STREAMS, query: str = "") -> list[dict[str, str]]:
    export = ask(client, path, query)
    run_exports()
    status, content = download(client, export, path)
    assert status == 200, Export.objects.get(pk=export.pk).problem
    return rows_of(content)


def test_the_selection_of_the_list_is_what_is_in_the_file(operator, gateway) -> None:
    (row,) = exported(operator, query="cause=customer_closed&code=1011&q=415")
    stream = Stream.objects.get(end_cause="customer_closed")
    assert (row["Stream UUID"], row["From"], row["Billed amount"], row["Currency"]) == (str(stream.uuid), "'+14155550123", "0.00300", "USD")
    assert (row["Start time (UTC)"], row["Duration (s)"], row["WebSocket close code"]) == ("2024-11-23T14:02:37.590Z", "25", "1011")
    assert len(exported(operator, CALLS)) == Call.objects.count()
    assert [row["Hangup cause code"] for row in exported(operator, CALLS, "state=ended&reason=Stream+timeout")] == ["4000"]


def test_the_order_is_that_of_the_list(operator, gateway) -> None:
    times = [row["Start time (UTC)"] for row in exported(operator, CALLS)]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("query", ["", "reason=Connection+error"])
@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_every_row_once_however_few_are_read_at_once(operator, gateway, monkeypatch, path, query) -> None:
    """Some start at the same time."""
    monkeypatch.setattr(exports, "CHUNK_ROWS", 2)
    calls = [factories.closed_call(gateway, STARTED + timedelta(minutes=index // 3)) for index in range(5)]
    uuids = [row["Call UUID"] for row in exported(operator, path, query)]
    added = [uuid for uuid in uuids if uuid in {str(call.uuid) for call in calls}]
    assert added == [str(call.uuid) for call in reversed(calls)]
    assert query or len(uuids) == (Call if path == CALLS else Stream).objects.count()


def test_an_xlsx_holds_the_same(operator, gateway, folder) -> None:
    export = ask(operator, form="xlsx")
    run_exports()
    rows = sheet(folder / f"{export.pk}.xlsx")
    assert len(rows) == Stream.objects.count() + 1 and rows[0][0] == "Stream UUID"


def test_numbers_are_masked_for_an_owner_who_may_not_see_them(db, gateway) -> None:
    user = person("leo", roles.BILLING)
    user.groups.get().permissions.remove(*user.groups.get().permissions.filter(codename="see_numbers"))
    Stream.objects.update(service_url="wss://bot.example.com/?from=%2B14155550123")
    for path in (STREAMS, CALLS):
        for row in exported(signed_in(user), path):
            assert "4155550123" not in str(row) and row["From"].endswith("•••••••0123")


def test_the_page_shows_progress_until_it_is_done(operator, gateway) -> None:
    export = ask(operator)
    response = operator.get(f"{STREAMS}exports/")
    assert response.headers["Refresh"] == "2" and "waiting" in response.content.decode().lower()
    Export.objects.update(state="running", rows_done=3, rows_total=9)
    assert '<progress value="3" max="9"' in operator.get(f"{STREAMS}exports/").content.decode()
    Export.objects.update(state="waiting")
    run_exports()
    done = operator.get(f"{STREAMS}exports/")
    assert "Refresh" not in done.headers and f"{STREAMS}exports/{export.pk}/file/" in done.content.decode()


def test_the_list_leads_to_its_export_with_its_filters(operator, support, gateway) -> None:
    page = read(operator, asked := f"{STREAMS}exports/?q=&reason=Connection+error&state=")
    assert f'formaction="{STREAMS}exports/"' in read(operator, STREAMS).html and "reason=Connection+error</a>" in page.html
    assert f"{STREAMS}exports/" not in read(support, STREAMS).html
    assert operator.post(asked, {"query": "reason=Connection+error", "format": "csv"})["Location"].endswith("/?reason=Connection+error")
    assert operator.post(asked, {"remove": Export.objects.get().pk})["Location"] == f"{STREAMS}exports/?reason=Connection+error"


def test_nobody_else_has_the_file(operator, administrator, gateway) -> None:
    export = ask(operator)
    assert download(operator, export)[0] == 404
    run_exports()
    assert (download(operator, export)[0], download(administrator, export)[0]) == (200, 404)
    assert download(operator, export, CALLS)[0] == 404
    assert administrator.post(f"{STREAMS}exports/", {"remove": export.pk}).status_code == 404


def test_files_are_for_the_platforms_user_only(operator, gateway, folder) -> None:
    export = ask(operator)
    run_exports()
    assert (folder.stat().st_mode & 0o777, (folder / f"{export.pk}.csv").stat().st_mode & 0o777) == (0o700, 0o600)


def test_who_lost_the_permission_meanwhile_gets_no_file(operator, gateway, folder) -> None:
    export = ask(operator)
    User.objects.get(username="maria").groups.clear()
    run_exports()
    export.refresh_from_db()
    assert (export.state, export.problem) == ("failed", "You may not see this list any more.")
    assert not list(folder.glob("*"))


def test_support_may_not_export(support, gateway) -> None:
    assert support.get(f"{STREAMS}exports/").status_code == 403
    assert support.post(f"{STREAMS}exports/", {"query": "", "format": "csv"}).status_code == 403
    assert not Export.objects.exists()


def test_an_export_is_in_the_audit_log(operator, gateway) -> None:
    ask(operator, query="code=1011&before=")
    entry = AuditEntry.objects.get()
    assert (entry.by, entry.act, entry.subject) == ("maria", "export a list", "cdr_streamdetail as csv")
    assert entry.details == {"filters": "code=1011"}


@pytest.mark.parametrize("query", ["account__auth_token__regex=^v", "code=1011&mood=bad", "state=parked", "from=tea+time", "q=%00"])
def test_a_list_that_is_not_understood_is_not_exported_whole(operator, gateway, query) -> None:
    answer = operator.post(f"{STREAMS}exports/", {"query": query, "format": "csv"}, follow=True)
    assert "Nothing was exported. " in answer.content.decode() and not Export.objects.exists()


def test_nor_by_the_worker_when_the_filter_went_meanwhile(operator, gateway) -> None:
    export = ask(operator, query="code=1011")
    Export.objects.update(query="mood=bad")
    run_exports()
    export.refresh_from_db()
    assert export.state == "failed" and "“mood” in the address is not understood." in export.problem


@pytest.mark.parametrize("form", ["", "pdf", "../csv"])
def test_no_other_format(operator, gateway, form) -> None:
    operator.post(f"{STREAMS}exports/", {"query": "", "format": form})
    assert not Export.objects.exists()


def test_one_person_has_five_unfinished_at_most(operator, gateway) -> None:
    for _ in range(7):
        ask(operator)
    assert Export.objects.count() == 5


def test_removing_one_removes_the_file(operator, gateway, folder) -> None:
    export = ask(operator)
    run_exports()
    assert list(folder.glob("*"))
    operator.post(f"{STREAMS}exports/", {"remove": export.pk})
    assert not Export.objects.exists() and not list(folder.glob("*"))


# Workers -------------------------------------------------------------------------------------------------------------
def test_a_job_is_claimed_once_and_few_run_together(operator, gateway) -> None:
    jobs = [ask(operator).pk for _ in range(3)]
    taken = [exports.claim_next(), exports.claim_next(), exports.claim_next()]
    assert [job.pk if job else None for job in taken] == [jobs[0], jobs[1], None]


def test_one_person_with_many_large_exports_keeps_nobody_waiting(operator, gateway) -> None:
    mine = [ask(operator).pk for _ in range(20)]
    other = User.objects.create_user("somebody-else")
    theirs = ask(operator).pk
    Export.objects.filter(pk=theirs).update(owner=other)
    taken = [exports.claim_next(), exports.claim_next(), exports.claim_next()]
    assert [job.pk for job in taken] == [mine[0], mine[1], theirs]


def test_a_job_whose_worker_went_away_is_claimed_again_and_at_last_given_up(operator, gateway) -> None:
    export = ask(operator)
    for tries in range(exports.MOST_TRIES):
        job = exports.claim_next()
        assert job and job.tries == tries and exports.claim_next() is None
        Export.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    run_exports()
    export.refresh_from_db()
    assert export.state == "failed" and "the database went away each time" in export.problem


def test_an_export_during_which_the_database_goes_away_is_begun_anew(operator, gateway, monkeypatch) -> None:
    export = ask(operator)
    extend = jobs.extend

    def fails_once(*arguments: Any, **changes: Any) -> bool:
        monkeypatch.setattr(jobs, "extend", extend)
        raise OperationalError("the connection was lost")

    monkeypatch.setattr(jobs, "extend", fails_once)
    run_exports()
    export.refresh_from_db()
    assert export.state == "running" and export.finished_at is None
    Export.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    run_exports()
    export.refresh_from_db()
    assert export.state == "done" and export.rows_done == export.rows_total


def test_a_worker_that_was_overtaken_writes_no_end_and_no_file(operator, gateway, folder) -> None:
    export = ask(operator)
    slow = exports.claim_next()
    Export.objects.update(claimed_by="another worker", tries=1)
    exports.run(slow)
    export.refresh_from_db()
    assert export.state == "running" and not list(folder.glob("*"))


def test_a_full_disk_is_told_to_the_owner(operator, gateway, folder, caplog) -> None:
    folder.write_text("a file where the folder should be")
    export = ask(operator)
    run_exports()
    export.refresh_from_db()
    assert (export.state, export.problem) == ("failed", "The file could not be written. The platform's log says why.")


def test_old_ones_and_files_without_an_owner_are_removed(operator, gateway, folder) -> None:
    old, new = ask(operator), ask(operator)
    run_exports()
    (folder / "999999.csv").touch()
    Export.objects.filter(pk=old.pk).update(finished_at=timezone.now() - timedelta(days=8))
    remove_old_exports()
    assert [file.name for file in folder.glob("*")] == [f"{new.pk}.csv"]
    assert list(Export.objects.values_list("pk", flat=True)) == [new.pk]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_memory_does_not_grow_with_the_rows(operator, gateway, form, monkeypatch) -> None:
    """Four times as many streams take less than twice the memory."""
    monkeypatch.setattr(exports, "CHUNK_ROWS", 100)
    call, account = Call.objects.first(), Account.objects.first()
    peaks = []
    for count in (200, 600):
        url = "wss://bot.example.com/" + "x" * 500
        facts = {"call": call, "account": account, "requested_at": STARTED, "call_started_at": STARTED, "service_url": url}
        Stream.objects.bulk_create(Stream(**facts) for _ in range(count))
        ask(operator, form=form)
        job = exports.claim_next()
        tracemalloc.start()
        exports.run(job)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert Export.objects.get(pk=job.pk).rows_done == Stream.objects.count()
    assert peaks[1] < 2 * peaks[0]
