"""Every page of the console: a row of each model that has an admin, and the address of each URL with that row's key in it.

Owns what a page needs to be opened. A new page is found here by itself; one that needs a row of a new model says so."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.files.base import ContentFile
from django.db import models
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from cdr import audit, exports, invitations, roles
from cdr.admin.site import console
from cdr.alert_rows import AlertNotice, AlertTry
from cdr.alerts import gathering
from cdr.audit import Actor
from cdr.closing_rows import StatementClosing
from cdr.invitation_rows import Invitation
from cdr.list_act_rows import ListAct, ListActPart
from cdr.log_links import LinkTerms, make_link
from cdr.member_rows import Membership
from cdr.models import Export, ExportState, FailedSignIn, LogLink, RetentionRun, StreamDetail, UrlTest
from cdr.pure.acts import Act
from cdr.statements.closing import close_statement
from cdr.trial_call_rows import TrialCall
from streams import host_blocks
from streams.host_blocks import HostOf
from streams.models import Account, AuthToken, Call, RateCard
from tests.cdr.alerts.rows import alert, look_at_days
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import live_call, refused
from tests.cdr.statements.charged import charged
from tests.rows_again import made_once
from tests.streams.rows import main_token, priced


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


OWNER_KEY = 900_001
"""After the keys of all who are there before: the same rows are written again beside other people."""


def rows() -> Call:
    """A row of every model that has an admin; the export is made for each person."""
    roles.make_roles(Group._meta.apps)
    a_row_of_each()
    look_at_days()
    return Call.objects.get(state="live")


@made_once
def a_row_of_each() -> None:
    call = live_call(make_gateway())
    refused("pbx-1")
    an_act_on_a_list(StreamDetail.objects.latest("pk"))
    TrialCall.objects.create(
        **{"gateway": call.gateway, "gateway_name": "pbx-1", "account_key": call.account_id, "by": "maria", "address": "ws://127.0.0.1:1"},
        **{"call_uuid": call.uuid, "created_at": call.started_at, "problem": "x", "report": "x", "secret": "x"},
    )
    owner, account = User.objects.create_user("owner", pk=OWNER_KEY), Account.objects.get()
    main_token(account)
    priced(account, valid_from=datetime(2100, 1, 1, tzinfo=UTC))
    priced(RateCard.objects.create(name="Standard"), valid_from=datetime(2100, 1, 1, tzinfo=UTC))
    host_blocks.block(HostOf(account, "blocked.example.com"), "It floods us.", "maria")
    UrlTest.objects.create(owner=owner, account=account, url="wss://bot.example.com/", call_id=call.uuid, stream_id=call.uuid)
    Membership.objects.create(user=owner, account=account)
    invitations.invite(account, "dora@example.org", "viewer", owner=owner, origin="https://desk.example.org", actor=Actor("owner", None))
    a_link(StreamDetail.objects.order_by("pk").first(), owner)
    FailedSignIn.objects.create(username="maria", ip_address="192.0.2.9", failures_since_start=5)
    RetentionRun.objects.create(started_at=call.started_at, counts={"Acme Robotics": {"numbers": 3}})
    closing = {"account": account, "currency": "EUR", "month": call.started_at.date().replace(day=1), "by": "clara", "streams": 1}
    StatementClosing.objects.create(created_at=call.started_at, finished_at=call.started_at, problem="x", **closing)
    close_statement(account, "USD", charged(datetime(2024, 10, 3, tzinfo=UTC)).ended_at.date().replace(day=1), Actor("clara", None))
    message = gathering.ask_for_test((told := alert()).rule.channels.get(), "maria")
    AlertTry.objects.create(message=message, number=1, started_at=call.started_at, duration_ms=5, error="It answered 500.")
    AlertNotice.objects.create(
        alert=told, channel=message.channel, message=message, step="opened", at=call.started_at, due_at=call.started_at, headline="x"
    )
    audit.write(Actor("admin", "192.0.2.7"), Act.CHANGE, Account.objects.get(), rate=["0.00300", "0.00400"])


def an_act_on_a_list(stream: Any) -> None:
    asked = {"kind": "stop", "section": "cdr_streamdetail", "query": "state=live", "question": "q"}
    act = ListAct.objects.create(by="maria", created_at=stream.requested_at, rows_total=1, **asked)
    ListActPart.objects.create(act=act, keys=[stream.pk])


def a_link(stream: Any, owner: User) -> str:
    """To the debug log of a stream; works for as long as its owner may share debug logs."""
    return make_link(stream, LinkTerms(timedelta(days=30), "ticket 7", whole_numbers=False, with_details=True), owner, Actor("owner", None))


def own_export(user: User, section: str) -> int:
    export = Export.objects.create(owner=user, section=section, format="csv", state=ExportState.DONE)
    exports.exports_storage().delete(exports.kept_name(export))
    exports.exports_storage().save(exports.kept_name(export), ContentFile("uuid\n"))
    return export.pk


def address(name: str, pattern: URLPattern, user: User | None, first: Callable[[type[models.Model]], Any]) -> str:
    """With the first row's key for what the URL has to know, and the person's own export for a file."""
    if pattern.name is None:
        return {"old_address": f"/admin/streams/account/{first(Account).pk}/", "(?P<url>.*)$": "/admin/no-such-page"}[name]
    wanted = set(pattern.pattern.regex.groupindex)
    section, model = next(((known, model) for known, model in sections().items() if name.startswith(f"{known}_")), ("", None))
    if not wanted or model is None:
        given = {"app_label": "cdr", "content_type_id": "1", "object_id": "1"}
        return reverse(f"admin:{name}", kwargs={key: given[key] for key in wanted})
    if name.endswith("_file"):
        return reverse(f"admin:{name}", args=[own_export(user, section) if user else 1])
    row = first(model)
    if "host" in wanted:
        return reverse(f"admin:{name}", args=[row.account.auth_id, row.service_host])
    if beside := next((other for word, other in BESIDE.items() if word in wanted), None):
        return reverse(f"admin:{name}", args=[getattr(row, "uuid", row.pk), first(beside).pk])
    if "account" in wanted:
        keys = {
            "account": first(Account).pk,
            "currency": "EUR",
            "month": f"{call.started_at:%Y-%m}" if (call := Call.objects.first()) else "",
        }
        return reverse(f"admin:{name}", kwargs={key: keys[key] for key in wanted})
    if "rate" in wanted:
        return reverse(f"admin:{name}", args=[row.pk, row.rates.get().pk])
    return reverse(f"admin:{name}", args=[row.uuid if hasattr(row, "uuid") and not name.endswith("_history") else row.pk])


BESIDE: dict[str, type[models.Model]] = {"token": AuthToken, "link": LogLink, "member": Membership, "invitation": Invitation}
"""Rows without an admin of their own, which an address names after the row they belong to."""


def sections() -> dict[str, type[models.Model]]:
    return {f"{model._meta.app_label}_{model._meta.model_name}": model for model in console._registry}


def first_row(model: type[models.Model]) -> Any:
    row = model._default_manager.order_by("pk").first()
    assert row is not None, f"make a row of {model.__name__} in rows(), so that its pages can be tried"
    return row


def addresses(user: User | None) -> dict[str, str]:
    """By the names of `patterns`."""
    first = cache(first_row)
    return {name: address(name, pattern, user, first) for name, pattern in patterns(console.get_urls()).items()}


def kinds(user: User) -> dict[str, Any]:
    """A page of each kind that this person can look at, by its address. How a row is deleted, and its history, look the same for all
    models."""
    client = Client()
    client.force_login(user)
    found = {name: path for name, path in addresses(user).items() if name not in NO_PAGE and not name.endswith("_file")}
    alike = {name for name in found if name.endswith(("_history", "_delete")) and not name.startswith("streams_account_")}
    never = {name for name in found if name.endswith("_add") and not name.startswith(("streams_", "auth_"))}
    answers = {path: client.get(path) for name, path in found.items() if name not in alike | never}
    return {path: answer for path, answer in answers.items() if is_page(answer)}


def require_strict_policy(answer: Any, name: str) -> None:
    headers = answer.headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'"), name
    assert (policy["frame-ancestors"], policy["base-uri"], policy["form-action"]) == ("'none'", "'none'", "'self'"), name
    assert "unsafe" not in headers["Content-Security-Policy"], name
    assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "DENY"), name
    assert headers["Referrer-Policy"] == settings.SECURE_REFERRER_POLICY, name


def is_page(response: Any) -> bool:
    return response.status_code == 200 and is_html(response)


def is_html(response: Any) -> bool:
    return not response.streaming and bool(response["Content-Type"].startswith("text/html"))


NO_PAGE = {"login", "login_code", "logout", "autocomplete", "jsi18n", "view_on_site", "old_address", "(?P<url>.*)$"}
"""Not for somebody signed in, or not HTML."""
