"""What a manager does at the desk: a stream stopped, a callback sent again; in the audit log, and named in the debug log as one of the
account's."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client

from cdr import members
from cdr.audit import Actor
from cdr.desk import desk
from cdr.desk.records import name_of_row
from cdr.member_rows import Membership, Role
from cdr.models import AuditEntry, Export, UrlTest
from cdr.pure.log.for_customers import words_for_customers
from cdr.sign_in.sessions import forget_confirmation
from cdr.statements.closing import close_statement
from streams.models import Account, Application, AuthToken, Call, Callback, CallbackState, ControlRequest, Stream
from tests.cdr import factories
from tests.cdr.admin.conftest import signed_in
from tests.cdr.call_script import make_gateway
from tests.cdr.desk.every_address import keys_of, kinds_of, routes, with_key
from tests.cdr.desk.two_accounts import OWN, at_desk, member, other_rows, own_rows
from tests.rows_again import all_rows

pytestmark = pytest.mark.django_db

OPERATOR = Actor("anna", None)


@pytest.fixture
def manager() -> Client:
    own_rows()
    return at_desk(role=Role.MANAGER)


def test_a_manager_stops_a_stream(manager) -> None:
    stream = Stream.objects.filter(call__state="live")[0]
    page = manager.get(f"/desk/streams/{stream.uuid}/").content.decode()
    assert f'href="/desk/streams/{stream.uuid}/stop/"' in page
    assert "Stop this stream?" in manager.get(f"/desk/streams/{stream.uuid}/stop/").content.decode() and not ControlRequest.objects.exists()
    assert manager.post(f"/desk/streams/{stream.uuid}/stop/")["Location"] == f"/desk/calls/{stream.call.uuid}/"
    asked, entry = ControlRequest.objects.get(), AuditEntry.objects.get()
    assert (asked.stream, asked.requested_by) == (stream, "carla (desk)")
    assert (entry.act, entry.by, entry.subject) == ("stop a stream", "carla (desk)", str(stream))


def test_what_has_ended_is_not_stopped(manager) -> None:
    ended = Stream.objects.filter(state="ended")[0]
    assert "Stop…" not in manager.get(f"/desk/streams/{ended.uuid}/").content.decode()
    assert "nothing to stop" in manager.get(f"/desk/streams/{ended.uuid}/stop/").content.decode()
    assert "Nothing was done" in manager.post(f"/desk/streams/{ended.uuid}/stop/", follow=True).content.decode()
    assert not ControlRequest.objects.exists() and not AuditEntry.objects.exists()


def test_a_manager_sends_a_callback_again(manager) -> None:
    callback = Callback.objects.filter(state=CallbackState.GIVEN_UP)[0]
    assert "Send again…" in manager.get(f"/desk/callbacks/{callback.message_id}/").content.decode()
    manager.get(f"/desk/callbacks/{callback.message_id}/resend/")
    assert Callback.objects.get(pk=callback.pk).state == CallbackState.GIVEN_UP
    assert manager.post(f"/desk/callbacks/{callback.message_id}/resend/").status_code == 302
    assert Callback.objects.get(pk=callback.pk).state == CallbackState.PENDING and AuditEntry.objects.get().by == "carla (desk)"


def test_a_role_counts_for_its_own_account_only(manager) -> None:
    """A manager of one who looks at another: there he looks."""
    other_rows()
    member("C4nary Corp", name="carla")
    theirs = Stream.objects.filter(account__name="C4nary Corp", call__state="live")[0]
    page = manager.get(f"/desk/streams/{theirs.uuid}/")
    assert page.status_code == 200 and "/stop/" not in page.content.decode()
    assert manager.post(f"/desk/streams/{theirs.uuid}/stop/").status_code == 403
    own = Call.objects.filter(account__name="Acme Robotics", state="live")[0].streams.all()[0]
    assert manager.post(f"/desk/streams/{own.uuid}/stop/").status_code == 302
    assert ControlRequest.objects.get().stream == own


@pytest.mark.parametrize(
    ("by", "told"),
    [
        ("carla (desk)", "carla (desk)"),
        ("API", "API"),
        ("maria", "the operator"),
        ("maria carla (desk)", "the operator"),
        ("maria. carla (desk)", "the operator"),
        ("desk", "the operator"),
        ("(desk)", "the operator"),
    ],
)
def test_who_of_the_account_did_it_is_told_and_who_of_the_operator_is_not(by: str, told: str) -> None:
    assert words_for_customers(f"Stopped at the request of {by}.") == f"Stopped at the request of {told}."


def test_a_statement_is_read_and_taken_home_without_who_closed_it(manager) -> None:
    factories.closed_call(make_gateway())
    account = Account.objects.get()
    page = f"/desk/statements/{account.auth_id}/USD/2024-11/"
    assert f'href="{page}"' in manager.get("/desk/statements/").content.decode()
    assert "draft" in manager.get(page).content.decode()
    close_statement(account, "USD", date(2024, 11, 1), Actor("clara", None))
    text = manager.get(page).content.decode()
    assert "closed at" in text and "clara" not in text and "/admin/" not in text.replace("/static/admin/", "")
    assert "clara" not in manager.get("/desk/statements/").content.decode()
    assert manager.get(f"{page}csv/").content.decode().startswith("\ufeffAccount,") and manager.get(f"{page}pdf/").content.startswith(
        b"%PDF"
    )
    assert manager.get(page.replace("2024-11", "2024-09")).status_code == 404
    assert manager.get("/desk/statements/?q=x").status_code == 400


def test_a_manager_changes_an_application_and_a_viewer_reads_it_without_secrets(manager) -> None:
    row = Application.objects.get()
    row.answer_xml = '<Response><Stream extraHeaders="X-Token=s3cret">wss://bot.example.com/?k=s3cret</Stream></Response>'
    row.save()
    page = f"/desk/applications/{name_of_row(row)}/"
    assert f'href="{page}"' in manager.get("/desk/applications/").content.decode()
    assert "s3cret" in manager.get(f"{page}edit/").content.decode()
    read = at_desk(name="victor").get(page).content.decode()
    assert "wss://bot.example.com/" in read and "s3cret" not in read and "edit/" not in read
    wrong = manager.post(f"{page}edit/", {"name": row.name, "answer_method": "POST", "answer_xml": "<html>"}).content.decode()
    assert "error" in wrong and Application.objects.get().answer_xml == row.answer_xml
    both = {"name": row.name, "answer_url": "https://app.example.com/", "answer_method": "POST", "answer_xml": row.answer_xml}
    assert "not both" in manager.post(f"{page}edit/", both).content.decode()
    right = {"name": "new name", "answer_url": "https://app.example.com/?t=s3cret", "answer_method": "GET", "answer_xml": "", "account": 99}
    right["conversation_callbacks"] = "on"
    assert manager.post(f"{page}edit/", right)["Location"] == page
    changed, entry = Application.objects.get(), AuditEntry.objects.get()
    assert (changed.name, changed.answer_method, changed.account_id) == ("new name", "GET", row.account_id)
    assert changed.conversation_callbacks and "ConversationEnded" in manager.get(page).content.decode()
    assert (entry.by, entry.act) == ("carla (desk)", "change") and "s3cret" not in str(entry.details)


def test_an_application_cannot_take_another_s_name_in_its_account_and_one_of_another_account_is_no_matter(manager) -> None:
    row = Application.objects.get()
    Application.objects.create(account=row.account, name="second", answer_xml=row.answer_xml)
    Application.objects.create(account=make_gateway("pbx-2", "Beta").account, name="third", answer_xml=row.answer_xml)
    values = {"answer_url": "", "answer_method": "POST", "answer_xml": row.answer_xml}
    page = f"/desk/applications/{name_of_row(row)}/edit/"
    assert "another application of this name" in manager.post(page, {**values, "name": "second"}).content.decode()
    assert manager.post(page, {**values, "name": "third"}).status_code == 302


def test_a_manager_makes_and_revokes_a_token_and_sees_it_once(manager) -> None:
    account = Account.objects.get()
    made = manager.post(f"/desk/tokens/{account.auth_id}/new/", {"name": "billing script"})
    token = AuthToken.objects.get(name="billing script")
    assert token.secret in made.content.decode() and "no-store" in made["Cache-Control"] and token.created_by == "carla (desk)"
    listed = manager.get("/desk/tokens/").content.decode()
    end = f"/desk/tokens/{account.auth_id}/{name_of_row(token)}/revoke/"
    assert token.secret not in listed and f'href="{end}"' in listed and "carla (desk)" in listed and "The operator" in listed
    read = at_desk(name="victor").get("/desk/tokens/").content.decode()
    assert "billing script" in read and "revoke/" not in read and "new/" not in read
    assert "Revoke the auth token" in manager.get(end).content.decode()
    assert manager.post(end, {"ends": "0"}).status_code == 302 and AuthToken.objects.get(pk=token.pk).ends_at is not None
    assert [entry.act for entry in AuditEntry.objects.order_by("pk")] == ["make a token", "revoke a token"]


# Tabs that stay open -----------------------------------------------------------------------------------------------------
SENT = {
    "name": "billing script",
    "answer_url": "https://app.example.com/",
    "answer_method": "GET",
    "answer_xml": "",
    "email": "someone@example.org",
    "role": "viewer",
    "url": "wss://bot.example.com/",
    "content_type": "audio/x-mulaw;rate=8000",
    "ends": "0",
    "query": "",
    "format": "csv",
}
"""What the forms of all acts ask for."""
EXPORTS = ("cdr_calldetail_exports", "cdr_streamdetail_exports")
COLUMNS = ("cdr_calldetail_columns", "cdr_streamdetail_columns")


def forms_of_acts() -> dict[str, str]:
    """The address of each form, found from the addresses, by its name; with keys of rows that it can be done to."""
    keys = keys_of(OWN)
    keys |= {"stream": str(Stream.objects.filter(call__state="live")[0].uuid)}
    keys |= {"message": Callback.objects.filter(state=CallbackState.GIVEN_UP)[0].message_id}
    lists: Any = desk._registry.values()
    acts = {f"{known.section}_{act}" for known in lists for act in (*known.ACTS, *known.OWN_ACTS)}
    return {name: with_key(route, keys[_kind(route)]) for name, route in routes().items() if name in acts}


def _kind(route: str) -> str:
    own, *others = kinds_of(route) or ("call",)
    return "auth id" if "auth id" in others and route.count("<") == 1 else own


def rows_now() -> dict[str, list[str]]:
    """Of everything that an act could change."""
    return {
        model._meta.label: sorted(map(repr, rows)) for model, rows in all_rows().items() if model not in (Session, Membership, AuditEntry)
    }


def sent_from_old_tabs(client: Client, becomes: Callable[[Membership], object]) -> dict[str, tuple[int, bool]]:
    """By form: how it is answered that was opened before and is sent afterwards, with its own token against forgery; and whether anything
    is changed by it."""
    client.handler.enforce_csrf_checks = True
    tabs = {name: (path, client.get(path).content.decode()) for name, path in forms_of_acts().items()}
    tokens = {name: re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[-1] for name, (_, page) in tabs.items()}
    becomes(Membership.objects.get(user__username="carla"))
    found = {}
    for name, (path, _) in tabs.items():
        before = rows_now()
        answer = client.post(path, {**SENT, "csrfmiddlewaretoken": tokens[name]})
        found[name] = (answer.status_code, rows_now() != before)
    return found


def test_a_form_that_was_open_before_somebody_was_demoted_or_removed_does_nothing(manager, settings, tmp_path) -> None:
    settings.DATA_DIR = tmp_path
    left = sent_from_old_tabs(manager, lambda place: members.take_away(place, OPERATOR))
    assert len(left) == 12 and set(left.values()) == {(302, False)}, "to the sign-in"
    member(OWN, Role.MANAGER)
    demoted = sent_from_old_tabs(manager, lambda place: members.take_in(place.user, place.account, Role.VIEWER, OPERATOR))
    assert {name: demoted.pop(name) for name in EXPORTS} == dict.fromkeys(EXPORTS, (302, True)), "as every viewer may"
    assert {name: demoted.pop(name) for name in COLUMNS} == dict.fromkeys(COLUMNS, (302, False)), "a cookie, and no row"
    assert set(demoted.values()) == {(403, False)}
    members.take_in(User.objects.get(username="carla"), Account.objects.get(), Role.MANAGER, OPERATOR)
    Export.objects.all().delete()
    stays = sent_from_old_tabs(manager, lambda place: None)
    assert {name for name, (_, changed) in stays.items() if not changed} == {*COLUMNS} and {code for code, _ in stays.values()} <= {
        200,
        302,
    }


def test_nor_does_one_that_waits_for_a_password_to_be_confirmed(manager) -> None:
    carla, account = User.objects.get(username="carla"), Account.objects.get()
    carla.set_password("correct horse battery")
    carla.save()
    client = signed_in(carla)
    session = client.session
    forget_confirmation(session)
    session.save()
    path = f"/desk/tokens/{account.auth_id}/new/"
    asked = client.post(path, {"name": "billing script"}).content.decode()
    held = re.findall(r'name="held_form" value="([^"]+)"', asked)[0]
    members.take_in(carla, account, Role.VIEWER, OPERATOR)
    assert client.post(path, {"held_form": held, "password": "correct horse battery"}).status_code == 403
    assert not AuthToken.objects.filter(name="billing script").exists()
    members.take_in(carla, account, Role.MANAGER, OPERATOR)
    client.post(path, {"held_form": held, "password": "correct horse battery"})
    assert AuthToken.objects.filter(name="billing script").exists(), "that it was her form, and her password"


def test_what_she_tested_as_a_manager_is_not_hers_to_read_as_a_viewer(manager) -> None:
    test = UrlTest.objects.get()
    UrlTest.objects.update(owner=User.objects.get(username="carla"), url="wss://bot.example.com/?key=s3cret")
    address = f"/desk/url-tests/{test.call_id}/"
    assert manager.get(address).status_code == 200
    place = Membership.objects.get(user__username="carla")
    members.take_in(place.user, place.account, Role.VIEWER, OPERATOR)
    for path in (address, "/desk/url-tests/"):
        assert manager.get(path).status_code == 403 and "s3cret" not in manager.get(path).content.decode()
