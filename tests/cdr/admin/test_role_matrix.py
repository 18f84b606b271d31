"""Who may open which page of the console, and who may send a form to it: every URL of the site and the live socket, for every role.

A page that has no line in PAGES, and an admin whose model has no row to try it on, fail here with the line to add."""

import json
import logging
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import InMemoryChannelLayer, channel_layers
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import models, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from cdr import audit, exports, live, roles
from cdr.admin.site import console
from cdr.audit import Actor
from cdr.models import Export, ExportState, FailedSignIn, RetentionRun, UrlTest
from cdr.pure.acts import Act
from config.asgi import application
from streams.models import Account, Call, Stream
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import live_call, refused

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
autocomplete                      login/login no/405      no/405      no/405      no/405      no/405      no/405
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


# What there is -------------------------------------------------------------------------------------------------------
def patterns(found: list[URLPattern | URLResolver], before: str = "") -> dict[str, URLPattern]:
    """Every URL of the site by its name; one without a name by its route. Of the redirects that Django makes for each admin, one."""
    known: dict[str, URLPattern] = {}
    for pattern in found:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            known |= patterns(pattern.url_patterns, route)
        else:
            known[pattern.name or ("old_address" if route.endswith("/<path:object_id>/") else route)] = pattern
    return known


def rows() -> Call:
    """A row of every model that has an admin; the export is made for each person."""
    call = live_call(make_gateway())
    refused("pbx-1")
    roles.make_roles(Group._meta.apps)
    owner, account = User.objects.create_user("owner"), Account.objects.get()
    UrlTest.objects.create(owner=owner, account=account, url="wss://bot.example.com/", call_id=call.uuid, stream_id=call.uuid)
    FailedSignIn.objects.create(username="maria", ip_address="192.0.2.9", failures_since_start=5)
    RetentionRun.objects.create(started_at=call.started_at)
    audit.write(Actor("admin", "192.0.2.7"), Act.CHANGE, Account.objects.get(), rate=["0.00300", "0.00400"])
    return call


def people() -> list[tuple[User | None, Client]]:
    """In the order of WHO."""
    named = [person(role.lower(), role) for role in WHO if role in roles.ROLES]
    users = [User.objects.create_user("nobody", is_staff=True), *named, User.objects.create_superuser("superuser")]
    return [(None, Client()), *((user, signed_in(user)) for user in users)]


def own_export(user: User, section: str) -> int:
    export = Export.objects.create(owner=user, section=section, format="csv", state=ExportState.DONE)
    exports.file_of(export).parent.mkdir(exist_ok=True)
    exports.file_of(export).write_text("uuid\n")
    return export.pk


def address(name: str, pattern: URLPattern, user: User | None) -> str:
    """With the first row's key for what the URL has to know, and the person's own export for a file."""
    if pattern.name is None:
        return {"old_address": f"/admin/streams/account/{first_row(Account).pk}/", "(?P<url>.*)$": "/admin/no-such-page"}[name]
    wanted = set(pattern.pattern.regex.groupindex)
    section, model = next(((known, model) for known, model in sections().items() if name.startswith(f"{known}_")), ("", None))
    if not wanted or model is None:
        given = {"app_label": "cdr", "content_type_id": "1", "object_id": "1"}
        return reverse(f"admin:{name}", kwargs={key: given[key] for key in wanted})
    if name.endswith("_file"):
        return reverse(f"admin:{name}", args=[own_export(user, section) if user else 1])
    row = first_row(model)
    return reverse(f"admin:{name}", args=[row.uuid if hasattr(row, "uuid") and not name.endswith("_history") else row.pk])


def sections() -> dict[str, type[models.Model]]:
    return {f"{model._meta.app_label}_{model._meta.model_name}": model for model in console._registry}


def first_row(model: type[models.Model]) -> Any:
    row = model._default_manager.order_by("pk").first()
    assert row is not None, f"make a row of {model.__name__} in rows(), so that its pages can be tried"
    return row


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
        for name, pattern in patterns(console.get_urls()).items():
            path = address(name, pattern, user)
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
    socket = WebsocketCommunicator(application, path, headers=headers)
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
