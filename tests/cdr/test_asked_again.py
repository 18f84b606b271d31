"""Who may not see a file any more, while it is being sent: it breaks off, of each kind that is sent in parts."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.utils import timezone

from cdr import asked_again, exports, roles
from cdr.admin import debug_logs
from cdr.admin.lists import exporting
from cdr.asked_again import AskedAgain, BrokenOff
from cdr.member_rows import Membership, Role
from cdr.models import ConsoleSession, Export
from cdr.tasks import run_exports
from streams.models import Account, AuthToken, Stream
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.api.customers import Customer
from tests.cdr.desk.two_accounts import at_desk
from tests.cdr.factories import good_call
from tests.streams.recordings.kept_files import kept

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("recordings_folder", "exports_folder")]


@pytest.fixture(autouse=True)
def asked_before_each_part(monkeypatch, settings, tmp_path) -> None:
    monkeypatch.setattr(asked_again, "RECHECK_SECONDS", 0.0)
    monkeypatch.setattr(debug_logs, "CHUNK_LINES", 2)
    monkeypatch.setattr(exporting, "BLOCK_BYTES", 100)
    settings.DATA_DIR = tmp_path


@pytest.fixture
def customer(recordings_folder) -> Customer:
    """Whose stream was recorded, and who may listen."""
    found = Customer("Acme Robotics")
    kept(good_call(found.gateway).streams.get())
    Account.objects.update(customers_listen=True)
    return found


def operator() -> Client:
    maria = person("maria", roles.ADMINISTRATOR)
    maria.user_permissions.add(Permission.objects.get(codename="hear_recordings"))
    return signed_in(maria)


def log_of(client: Client, site: str) -> Any:
    return client.get(f"{site}{Stream.objects.get().uuid}/debug-log/jsonl/")


def recording_of(client: Client, site: str) -> Any:
    return client.get(f"{site}{Stream.objects.get().uuid}/recording/flac/")


def export_of(client: Client, site: str) -> Any:
    client.post(f"{site}exports/", {"query": "", "format": "csv"})
    run_exports()
    page = client.get(f"{site}exports/").content.decode()
    return client.get(next(part for part in page.split('"') if part.endswith("/file/")))


def demote_to(*groups: str) -> None:
    User.objects.get(username="maria").user_permissions.clear()
    User.objects.get(username="maria").groups.set(Group.objects.filter(name__in=groups))


def to_others(*_: object) -> None:
    """Still a member, of another account."""
    Membership.objects.update(account=Account.objects.create(name="Globex", auth_id="MAGLOBEX000000000000"))


CONSOLE, DESK = "/admin/cdr/streamdetail/", "/desk/streams/"
FILES = {"log": log_of, "recording": recording_of, "export": export_of}
TAKEN: dict[str, Callable[[], object]] = {
    "session": lambda: ConsoleSession.objects.all().delete(),
    "active": lambda: User.objects.update(is_active=False),
    "staff or member": lambda: (User.objects.update(is_staff=False), Membership.objects.all().delete()),
}


def sent(answer: Any, meanwhile: Callable[[], object] = lambda: None) -> bytes:
    """All of it; `meanwhile`: what happens after the first part."""
    assert answer.status_code == 200

    async def parts() -> bytes:
        got, first = b"", True
        async for part in answer.streaming_content:
            got += part
            if first:
                await asyncio.to_thread(in_a_thread, meanwhile)
                first = False
        return got

    return asyncio.run(parts())


def in_a_thread(act: Callable[[], object]) -> None:
    from django.db import connection  # noqa: PLC0415 - the thread's own

    try:
        act()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("site", "kind", "taken"),
    [
        (CONSOLE, "log", "session"),
        (CONSOLE, "recording", "active"),
        (CONSOLE, "export", "staff or member"),
        (DESK, "log", "staff or member"),
        (DESK, "recording", "session"),
        (DESK, "export", "active"),
    ],
)
def test_a_file_breaks_off_when_its_reader_may_not_see_it_any_more(customer, site, kind, taken, caplog) -> None:
    client = operator() if site == CONSOLE else at_desk(role=Role.MANAGER)
    with pytest.raises(asyncio.CancelledError):
        sent(FILES[kind](client, site), TAKEN[taken])
    assert "was being sent to somebody who may not see it any more." in caplog.text


@pytest.mark.parametrize("kind", FILES)
def test_so_does_one_of_an_account_that_is_not_the_readers_any_more(customer, kind) -> None:
    with pytest.raises(asyncio.CancelledError):
        sent(FILES[kind](at_desk(), DESK), to_others)


@pytest.mark.parametrize("kind", FILES)
def test_so_does_one_of_somebody_who_was_demoted(customer, kind) -> None:
    with pytest.raises(asyncio.CancelledError):
        sent(FILES[kind](operator(), CONSOLE), demote_to)


def test_so_does_a_log_with_whole_numbers_when_its_reader_may_see_them_masked_alone(customer) -> None:
    with pytest.raises(asyncio.CancelledError):
        sent(log_of(operator(), CONSOLE), lambda: demote_to(roles.SUPPORT))


def mask() -> None:
    """She may export as before, and sees numbers and secrets masked."""
    demote_to(roles.SUPPORT)
    User.objects.get(username="maria").user_permissions.add(Permission.objects.get(codename="add_export"))


def test_an_export_with_whole_numbers_is_not_its_owners_once_she_sees_them_masked(customer) -> None:
    client = operator()
    with pytest.raises(asyncio.CancelledError):
        sent(export_of(client, CONSOLE), mask)
    address = f"{CONSOLE}exports/{Export.objects.get().pk}/file/"
    told = client.get(address, follow=True)
    assert told.redirect_chain == [(f"{CONSOLE}exports/", 302)] and "which you may not see any more" in told.content.decode()
    assert b"4155550123" not in sent(export_of(client, CONSOLE)), "another one is hers"
    Export.objects.update(whole_numbers=None, secrets=None)
    assert client.get(address).status_code == 200, "of a version that did not say"


@pytest.mark.parametrize(
    ("taken", "why"),
    [
        (mask, "some are written already"),
        (demote_to, "You may not see this list any more."),
        (TAKEN["active"], "You may not see this list any more."),
    ],
)
def test_nor_is_one_finished_whose_owner_was_demoted_while_it_was_written(customer, monkeypatch, taken, why) -> None:
    client = operator()
    monkeypatch.setattr(exports, "_beat", lambda *_: taken())
    client.post(f"{CONSOLE}exports/", {"query": "", "format": "csv"})
    run_exports()
    export = Export.objects.get()
    assert export.state == "failed" and why in export.problem and not exports.exports_storage().exists(exports.kept_name(export))


def test_a_recording_breaks_off_when_the_account_may_not_listen_any_more(customer) -> None:
    with pytest.raises(asyncio.CancelledError):
        sent(recording_of(at_desk(), DESK), lambda: Account.objects.update(customers_listen=False))


def test_an_export_that_was_removed_meanwhile_breaks_off(customer) -> None:
    with pytest.raises(asyncio.CancelledError):
        sent(export_of(operator(), CONSOLE), lambda: Export.objects.all().delete())


def test_a_recording_by_api_breaks_off_when_its_token_is_revoked_or_the_account_may_not_listen(customer) -> None:
    stream = Stream.objects.get()
    path = f"Call/{stream.call.uuid}/Stream/{stream.uuid}/Recording/File/"
    for taken in (lambda: Account.objects.update(customers_listen=False), lambda: AuthToken.objects.update(ends_at=timezone.now())):
        Account.objects.update(customers_listen=True)
        with pytest.raises(asyncio.CancelledError):
            sent(customer.get(path), taken)


@pytest.mark.parametrize("kind", FILES)
def test_who_may_still_see_it_gets_it_whole(customer, kind, monkeypatch) -> None:
    client = at_desk()
    whole = sent(FILES[kind](client, DESK))
    monkeypatch.setattr(asked_again, "RECHECK_SECONDS", 1000.0)
    assert whole == sent(FILES[kind](client, DESK)) and len(whole) > 200


def test_a_person_has_so_many_files_sent_at_once_and_no_more(customer, monkeypatch) -> None:
    monkeypatch.setattr(asked_again, "MOST_OPEN", 1)
    client, later = at_desk(), []
    api = f"Call/{Stream.objects.get().call.uuid}/Stream/{Stream.objects.get().uuid}/Recording/File/"
    assert (
        len(sent(log_of(client, DESK), lambda: later.extend([log_of(client, DESK), recording_of(client, DESK), customer.get(api)]))) > 200
    )
    assert [answer.status_code for answer in later] == [429, 429, 200], "the account's programs have a share of their own"
    assert asked_again.ENOUGH in later[0].content.decode()
    sent(customer.get(api), lambda: later.append(customer.get(api)))
    assert (later[-1].status_code, later[-1].json()["error"]) == (429, asked_again.ENOUGH)
    assert sent(log_of(client, DESK)), "and the next one when that is over"


def test_it_is_asked_every_few_seconds_and_not_for_each_part(monkeypatch) -> None:
    monkeypatch.setattr(asked_again, "RECHECK_SECONDS", timedelta(hours=1).total_seconds())
    again = AskedAgain(lambda: False, "The file")
    for _ in range(3):
        again.require()
    monkeypatch.setattr(asked_again, "RECHECK_SECONDS", 0.0)
    with pytest.raises(BrokenOff):
        again.require()
