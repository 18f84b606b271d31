"""Who may open which page of the console, and who may send a form to it: every URL of the site and the live socket, for every role.

A page that has no line in PAGES, and an admin whose model has no row to try it on, fail here with the line to add."""

import json
import logging
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import InMemoryChannelLayer, channel_layers
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

from cdr import live, roles
from config.asgi import application
from streams.models import Stream
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.admin.every_page import addresses, rows
from tests.patient_communicator import PatientCommunicator

WHO = ("anonymous", "nobody", roles.SUPPORT, roles.OPERATOR, roles.BILLING, roles.ADMINISTRATOR, "superuser")
"""`nobody` is staff without any permission."""

PAGES = """
#                                 anonymous   nobody      Support     Operator    Billing     Admin.      superuser
index                             login/login yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
login                             yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
login_code                        login/login login/login login/login login/login login/login login/login login/login
second_factor                     login/login yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
logout                            yes/yes     405/yes     405/yes     405/yes     405/yes     405/yes     405/yes
password_change                   login/login yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
password_change_done              login/login yes/405     yes/405     yes/405     yes/405     yes/405     yes/405
autocomplete                      login/login no/no       no/no       no/no       no/no       no/no       no/no
jsi18n                            login/login yes/405     yes/405     yes/405     yes/405     yes/405     yes/405
view_on_site                      login/login 404/404     404/404     404/404     404/404     404/404     404/404
cdr_auditentry_changelist         login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
cdr_auditentry_add                login/login no/no       no/no       no/no       no/no       no/no       no/no
cdr_auditentry_history            login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
cdr_auditentry_delete             login/login no/no       no/no       no/no       no/no       no/no       no/no
cdr_auditentry_change             login/login no/no       no/no       no/no       no/no       yes/no      yes/no
old_address                       login/login yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
streams_callback_resend           login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes
streams_callback_saved            login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes
streams_callback_changelist       login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes
streams_callback_add              login/login no/no       no/no       no/no       no/no       no/no       no/no
streams_callback_history          login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes
streams_callback_delete           login/login no/no       no/no       no/no       no/no       no/no       no/no
streams_callback_change           login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes
cdr_calldetail_debug_log          login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
cdr_calldetail_debug_log_jsonl    login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
cdr_calldetail_debug_log_txt      login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
cdr_calldetail_hang_up            login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes
cdr_calldetail_send_digits        login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes
cdr_calldetail_exports            login/login no/no       no/no       yes/yes     yes/yes     yes/yes     yes/yes
cdr_calldetail_file               login/login no/no       no/no       yes/yes     yes/yes     yes/yes     yes/yes
cdr_calldetail_saved              login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
cdr_calldetail_changelist         login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
cdr_calldetail_add                login/login no/no       no/no       no/no       no/no       no/no       no/no
cdr_calldetail_history            login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
cdr_calldetail_delete             login/login no/no       no/no       no/no       no/no       no/no       no/no
cdr_calldetail_change             login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
cdr_failedsignin_changelist       login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
cdr_failedsignin_add              login/login no/no       no/no       no/no       no/no       no/no       no/no
cdr_failedsignin_history          login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
cdr_failedsignin_delete           login/login no/no       no/no       no/no       no/no       no/no       no/no
cdr_failedsignin_change           login/login no/no       no/no       no/no       no/no       yes/no      yes/no
auth_user_second_factor           login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
auth_user_password_change         login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
auth_user_changelist              login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
auth_user_add                     login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
auth_user_history                 login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
auth_user_delete                  login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
auth_user_change                  login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
auth_group_changelist             login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
auth_group_add                    login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
auth_group_history                login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
auth_group_delete                 login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
auth_group_change                 login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
cdr_streamdetail_compare          login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
cdr_streamdetail_debug_log        login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
cdr_streamdetail_debug_log_jsonl  login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
cdr_streamdetail_debug_log_txt    login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
cdr_streamdetail_stop             login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes
cdr_streamdetail_exports          login/login no/no       no/no       yes/yes     yes/yes     yes/yes     yes/yes
cdr_streamdetail_file             login/login no/no       no/no       yes/yes     yes/yes     yes/yes     yes/yes
cdr_streamdetail_saved            login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
cdr_streamdetail_changelist       login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
cdr_streamdetail_add              login/login no/no       no/no       no/no       no/no       no/no       no/no
cdr_streamdetail_history          login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
cdr_streamdetail_delete           login/login no/no       no/no       no/no       no/no       no/no       no/no
cdr_streamdetail_change           login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
streams_account_rotate_token      login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
streams_account_end_old_token     login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
streams_account_changelist        login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
streams_account_add               login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
streams_account_history           login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
streams_account_delete            login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
streams_account_change            login/login no/no       yes/no      yes/no      yes/no      yes/yes     yes/yes
streams_application_changelist    login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes
streams_application_add           login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
streams_application_history       login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes
streams_application_delete        login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
streams_application_change        login/login no/no       yes/no      yes/no      no/no       yes/yes     yes/yes
streams_gateway_changelist        login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes
streams_gateway_add               login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
streams_gateway_history           login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes
streams_gateway_delete            login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
streams_gateway_change            login/login no/no       yes/no      yes/no      no/no       yes/yes     yes/yes
streams_gatewayrefusal_changelist login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes
streams_gatewayrefusal_add        login/login no/no       no/no       no/no       no/no       no/no       no/no
streams_gatewayrefusal_history    login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes
streams_gatewayrefusal_delete     login/login no/no       no/no       no/no       no/no       no/no       no/no
streams_gatewayrefusal_change     login/login no/no       yes/no      yes/no      no/no       yes/no      yes/no
cdr_retentionrun_changelist       login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
cdr_retentionrun_add              login/login no/no       no/no       no/no       no/no       no/no       no/no
cdr_retentionrun_history          login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
cdr_retentionrun_delete           login/login no/no       no/no       no/no       no/no       no/no       no/no
cdr_retentionrun_change           login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes
cdr_urltest_ask                   login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes
cdr_urltest_changelist            login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes
cdr_urltest_add                   login/login no/no       no/no       no/no       no/no       no/no       no/no
cdr_urltest_history               login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes
cdr_urltest_delete                login/login no/no       no/no       no/no       no/no       no/no       no/no
cdr_urltest_change                login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes
app_list                          login/login 404/404     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
(?P<url>.*)$                      login/login 404/404     404/404     404/404     404/404     404/404     404/404
"""
"""GET/POST. login: sent to the login page; no: 403; yes: the page, a redirect, or the form with its errors; else the status."""

SOCKETS = """
#                                 anonymous   nobody      Support     Operator    Billing     Admin.      superuser
live_call                         no          no          yes         yes         yes         yes         yes
live_stream                       no          no          yes         yes         yes         yes         yes
"""


def table(text: str) -> dict[str, list[str]]:
    return {words[0]: words[1:] for words in map(str.split, text.strip().splitlines()) if words[0] != "#"}


def people() -> list[tuple[User | None, Client]]:
    """In the order of WHO."""
    named = [person(role.lower(), role) for role in WHO if role in roles.ROLES]
    users = [User.objects.create_user("nobody", is_staff=True), *named, User.objects.create_superuser("superuser")]
    return [(None, Client()), *((user, signed_in(user)) for user in users)]


# What it answers -----------------------------------------------------------------------------------------------------
def verdict(response: Any) -> str:
    if response.status_code == 302 and response.headers["Location"].startswith("/admin/login/"):
        return "login"
    return {200: "yes", 301: "yes", 302: "yes", 403: "no"}.get(response.status_code, str(response.status_code))


def asked(client: Client, method: str, path: str) -> str:
    """By a browser with the person's cookies; whatever it did is undone."""
    browser = Client()
    browser.cookies.load({name: morsel.value for name, morsel in client.cookies.items()})
    with transaction.atomic():
        answer = verdict(browser.post(path, {"post": "yes"}) if method == "post" else browser.get(path))
        transaction.set_rollback(True)
    return answer


@pytest.mark.django_db
def test_every_page_answers_every_role_as_the_table_says(caplog) -> None:
    caplog.set_level(logging.ERROR, "django.request")
    rows()
    found: dict[str, list[str]] = {}
    for user, client in people():
        for name, path in addresses(user).items():
            found.setdefault(name, []).append(f"{asked(client, 'get', path)}/{asked(client, 'post', path)}")
    assert_as_declared(found, table(PAGES), "PAGES")


@pytest.mark.django_db(transaction=True)
async def test_a_live_log_opens_for_those_who_may_see_the_record(monkeypatch) -> None:
    monkeypatch.setattr(channel_layers, "backends", {"default": InMemoryChannelLayer()})
    call = await sync_to_async(rows)()
    stream = await sync_to_async(Stream.objects.first)()
    clients = await sync_to_async(people)()
    keys = {"call": call.uuid, "stream": stream.uuid}
    found = {f"live_{kind}": [await opened(client, f"/admin/live/{kind}/{keys[kind]}/") for _, client in clients] for kind in live.LOGS}
    assert_as_declared(found, table(SOCKETS), "SOCKETS")


async def opened(client: Client, path: str) -> str:
    session = client.cookies.get(settings.SESSION_COOKIE_NAME)
    cookie = f"{settings.SESSION_COOKIE_NAME}={session.value}" if session else ""
    headers = [(b"host", b"localhost"), (b"origin", b"http://localhost"), (b"cookie", cookie.encode())]
    socket = PatientCommunicator(application, path, headers=headers)
    accepted, _ = await socket.connect()
    if accepted:
        await socket.send_to(text_data=json.dumps({"seen": []}))
        await socket.disconnect()
    return "yes" if accepted else "no"


def assert_as_declared(found: dict[str, list[str]], declared: dict[str, list[str]], name: str) -> None:
    wrong = [f"{page:<34}" + "".join(f"{cell:<12}" for cell in cells) for page, cells in found.items() if declared.get(page) != cells]
    gone = sorted(declared.keys() - found.keys())
    columns = f"{'#':<34}" + "".join(f"{who[:11]:<12}" for who in WHO)
    assert not wrong and not gone, (
        f"These pages have no line in {name}, or answer otherwise than it says. This is what they answer now: judge each cell, "
        f"then write the line into {name}, or mend the page.\n" + "\n".join([columns, *wrong]) + f"\nIn {name} but not on the site: {gone}"
    )
