"""Exports at the desk: of the account's own rows, without what is the operator's, and for those alone who belong to it now."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import Client

from cdr import exports
from cdr.member_rows import Membership
from cdr.models import AuditEntry, Export
from cdr.tasks import run_exports
from streams.models import Account, Call, Stream
from tests.cdr.admin.conftest import signed_in
from tests.cdr.desk.two_accounts import OTHER, OWN, at_desk, marks, member, other_rows, own_rows

pytestmark = pytest.mark.django_db
CALLS, STREAMS = "/desk/calls/", "/desk/streams/"


@pytest.fixture(autouse=True)
def folder(exports_folder) -> Path:
    own_rows()
    other_rows()
    return exports_folder


@pytest.fixture
def carla() -> Client:
    return at_desk()


def ask(client: Client, path: str, query: str = "", form: str = "csv") -> Export:
    assert client.post(f"{path}exports/", {"query": query, "format": form})["Location"].startswith(f"{path}exports/")
    return Export.objects.order_by("-pk")[0]


def file_at(client: Client, path: str) -> str:
    """Where the page of exports says that the newest is."""
    found = re.search(f'href="({path}exports/[^"]+)">Download', client.get(f"{path}exports/").content.decode())
    return found[1] if found else ""


def rows_at(client: Client, address: str) -> list[dict[str, str]]:
    answer: Any = client.get(address)
    assert answer.status_code == 200, address

    async def whole() -> bytes:
        return b"".join([part async for part in answer.streaming_content])

    return list(csv.DictReader(io.StringIO(async_to_sync(whole)().decode("utf-8-sig"))))


@pytest.mark.parametrize(("path", "model"), [(CALLS, Call), (STREAMS, Stream)])
def test_a_file_holds_what_the_list_shows_and_no_word_of_the_other(carla, path, model) -> None:
    assert f'formaction="{path}exports/"' in carla.get(path).content.decode()
    export = ask(carla, path)
    run_exports()
    rows = rows_at(carla, file_at(carla, path))
    assert {row[f"{path.split('/')[2][:-1].capitalize()} UUID"] for row in rows} == {
        str(uuid) for uuid in model.objects.filter(account__name=OWN).values_list("uuid", flat=True)
    }
    assert not [mark for mark in marks() if mark in str(rows)] and "Gateway" not in rows[0]
    assert {row["Account"] for row in rows} == {OWN} and Export.objects.get().rows_done == len(rows)
    entry = AuditEntry.objects.get(act="export a list")
    assert (entry.by, entry.subject) == ("carla (desk)", str(export))


def test_who_of_the_operator_stopped_a_stream_is_in_no_file(carla) -> None:
    Stream.objects.filter(end_cause="stopped_by_operator").update(end_details="Stopped at the request of maria.")
    ask(carla, STREAMS, "cause=stopped_by_operator")
    run_exports()
    told = {row["End in words"] for row in rows_at(carla, file_at(carla, STREAMS))}
    assert told == {"Stopped at the request of the operator."}


@pytest.mark.parametrize("query", ["account__name=C4nary+Corp", "stream__call__from_number=1", "gateway=pbx", "from=tea+time"])
def test_what_the_list_does_not_understand_is_not_exported(carla, query) -> None:
    answer = carla.post(f"{CALLS}exports/", {"query": query, "format": "csv"}, follow=True)
    assert "Nothing was exported. " in answer.content.decode() and not Export.objects.exists()


def test_a_membership_that_ended_before_the_worker_came_gives_nothing(carla, folder) -> None:
    export = ask(carla, CALLS)
    Membership.objects.filter(user__username="carla").delete()
    run_exports()
    export.refresh_from_db()
    assert (export.state, export.problem) == ("failed", "You may not see this list any more.") and not list(folder.glob("*"))


def test_nor_does_one_that_ends_while_it_is_written(carla, folder, monkeypatch) -> None:
    export, write_rows = ask(carla, CALLS), exports._write_rows

    def and_is_removed(*given: Any) -> Any:
        for done in write_rows(*given):
            Membership.objects.filter(user__username="carla").delete()
            yield done

    monkeypatch.setattr(exports, "_write_rows", and_is_removed)
    run_exports()
    export.refresh_from_db()
    assert export.state == "failed" and not list(folder.glob("*"))


def test_nor_is_a_file_hers_any_more_that_was_written_before(carla) -> None:
    """Also with a place at another desk, where she still gets in."""
    ask(carla, CALLS)
    run_exports()
    address = file_at(carla, CALLS)
    member(OTHER, name="carla")
    assert rows_at(carla, address)
    Membership.objects.filter(user__username="carla", account__name=OWN).delete()
    assert carla.get(CALLS).status_code == 200 and carla.get(address).status_code == 404 and file_at(carla, CALLS) == ""
    assert carla.post(f"{CALLS}exports/", {"remove": address.split("/")[-3]}).status_code == 404 and Export.objects.exists()


def test_an_account_that_she_joined_meanwhile_is_not_in_it(carla) -> None:
    ask(carla, CALLS)
    member(OTHER, name="carla")
    run_exports()
    assert {row["Account"] for row in rows_at(carla, file_at(carla, CALLS))} == {OWN}


def test_of_several_accounts_all_have_to_be_hers_still(carla) -> None:
    member(OTHER, name="carla")
    ask(carla, CALLS)
    run_exports()
    address = file_at(carla, CALLS)
    assert {row["Account"] for row in rows_at(carla, address)} == {OWN, OTHER}
    Membership.objects.filter(user__username="carla", account__name=OTHER).delete()
    assert carla.get(address).status_code == 404


def test_nobody_else_has_the_file_of_the_same_account_or_of_the_console(carla) -> None:
    ask(carla, CALLS)
    run_exports()
    address = file_at(carla, CALLS)
    for other in (at_desk(name="victor"), at_desk(OTHER, name="otto")):
        assert other.get(address).status_code == 404 and file_at(other, CALLS) == ""
        assert other.post(f"{CALLS}exports/", {"remove": address.split("/")[-3]}).status_code == 404
    assert carla.get(address.replace(CALLS, STREAMS)).status_code == 404
    assert carla.get(f"{CALLS}exports/{Export.objects.get().pk}/file/").status_code == 404
    User.objects.filter(username="carla").update(is_staff=True, is_superuser=True)
    console = signed_in(User.objects.get(username="carla"))
    assert "Download" not in console.get("/admin/cdr/calldetail/exports/").content.decode()
    assert console.get(f"/admin/cdr/calldetail/exports/{Export.objects.get().pk}/file/").status_code == 404


def test_an_account_has_two_unfinished_whoever_asks_and_another_is_not_kept_waiting(carla) -> None:
    for client in (carla, at_desk(name="victor"), at_desk(name="vera")):
        last = client.post(f"{CALLS}exports/", {"query": "", "format": "csv"}, follow=True).content.decode()
    assert "2 exports of your account are not finished yet" in last and Export.objects.count() == 2
    ask(at_desk(OTHER, name="otto"), CALLS)
    assert Export.objects.count() == 3 and Export.objects.order_by("-pk")[0].accounts == [Account.objects.get(name=OTHER).pk]


def test_its_owner_removes_it(carla, folder) -> None:
    ask(carla, CALLS)
    run_exports()
    carla.post(f"{CALLS}exports/", {"remove": file_at(carla, CALLS).split("/")[-3]})
    assert not Export.objects.exists() and not list(folder.glob("*"))
