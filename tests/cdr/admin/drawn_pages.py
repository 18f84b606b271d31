"""Every page of the console and the desk, drawn before and after strangers wrote into every column: once in a process, and judged by
several tests.

Owns the rows, and what is asked for. Must not know what is right."""

from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.utils import timezone

from cdr import audit, invitations
from cdr.audit import Actor
from cdr.invitation_rows import Invitation
from cdr.member_rows import Membership, Role
from cdr.models import Adjustment, Export, MoneyCheck, SavedFilter
from cdr.pure.acts import Act
from streams.models import (
    Account,
    Call,
    Callback,
    ControlRequest,
    Gateway,
    GatewayTraffic,
    ProcessReport,
    Stream,
    StreamRecording,
    WebProcess,
)
from streams.pure.gateway.refusal import Reason
from tests.cdr.admin import every_page
from tests.cdr.admin.asked_often import known_people
from tests.cdr.admin.conftest import signed_in
from tests.cdr.admin.hostile import poison_everything
from tests.cdr.admin.reading import Page, crawl
from tests.cdr.call_script import STARTED, make_gateway
from tests.cdr.desk import every_address
from tests.cdr.desk.every_address import put_keys_back
from tests.cdr.factories import KINDS, live_call, refused
from tests.cdr.same_thread import draw_in_this_thread

LOGIN = "/admin/login/"
NOT_WELL = {"/admin/no-such-page": 404, "/admin/cdr/streamdetail/?cause=customer_closed&from=teatime": 400}
MOST_CRAWLED = 900


class DrawnPages(NamedTuple):
    """`hostile`: the same pages as `clean`, after strangers wrote into every column; `crawled`: those of them, and more, that links lead
    to. `unwritten`: models that had no row to write into."""

    clean: dict[str, Any]
    hostile: dict[str, Any]
    crawled: dict[str, Page]
    unwritten: list[str]


_kept: list[DrawnPages] = []


def drawn_pages(monkeypatch: pytest.MonkeyPatch) -> DrawnPages:
    """By a test that has the database to itself, and leaves it as it was."""
    draw_in_this_thread(monkeypatch)
    if not _kept:
        _kept.append(draw_them())
    return _kept[0]


def draw_them() -> DrawnPages:
    user = User.objects.create_superuser("admin")
    rows_of_everything(user)
    more = more_addresses()
    clean = drawn(user, more)
    unwritten = poison_everything()
    gateway = Gateway.objects.latest("pk")
    refused("a" * 80, Reason.UNKNOWN_GATEWAY, known=False)
    refused(gateway.name, words="W" * 500, address="2001:db8:1111:2222:3333:4444:5555:6666")
    audit.write(Actor("admin", "192.0.2.7"), Act.CHANGE, Account.objects.first(), name=["a" * 200, "<b>"])
    hostile = drawn(user, more)
    return DrawnPages(clean, hostile, crawl(signed_in(user), "/admin/", MOST_CRAWLED, hostile), unwritten)


def rows_of_everything(user: User) -> None:
    every_page.rows()
    for kind in KINDS:
        kind(make_gateway("live-call" if kind is live_call else "good-call"))
    account = Account.objects.first()
    kind_of_row = ContentType.objects.get_for_model(Account)
    LogEntry.objects.create(user=user, content_type=kind_of_row, object_id=str(account.pk), action_flag=CHANGE, change_message="[]")
    month = {"account": account, "currency": "USD", "reason": "x", "created_by": "x"}
    Adjustment.objects.create(amount=-1, at=timezone.now(), **month)
    MoneyCheck.objects.create(started_at=timezone.now(), finished_at=timezone.now(), problems=["x"])
    gateway, now = Gateway.objects.get(name="live-call"), timezone.now()
    refused("good-call", Reason.UNSUPPORTED_MEDIA, STARTED + timedelta(hours=1), call_uuid=Call.objects.first().uuid)
    GatewayTraffic.objects.create(gateway=gateway, owner="x", frames_per_second=50, measured_at=now)
    ProcessReport.objects.create(owner="x", troubles=[["notes", "What.", "For calls.", "What to do."]], reported_at=now)
    WebProcess.objects.create(owner="w", version="1", machine="m", started_at=now, seen_at=now)
    ControlRequest.objects.create(call=Call.objects.get(state="live", gateway=gateway), kind="stop", requested_by="x")
    not_kept = {"state": "not kept", "problem": "x", "name": "x", "created_at": now}
    StreamRecording.objects.create(stream=Stream.objects.filter(account=gateway.account)[0], account=gateway.account, **not_kept)
    every_page.own_export(user, "cdr_calldetail")
    Export.objects.create(owner=user, section="cdr_streamdetail", format="csv", state="failed", problem="x")
    for section in ("cdr_calldetail", "cdr_streamdetail", "streams_callback"):
        SavedFilter.objects.create(owner=user, section=section, name=section, query="x")


def more_addresses() -> list[str]:
    """Of calls of every kind, and of what a reader may get wrong."""
    live, unconnected = Stream.objects.filter(state="streaming").latest("pk"), Stream.objects.get(connect_attempts=3)
    closed = Stream.objects.get(end_cause="customer_closed")
    more = [f"/admin/cdr/calldetail/{call.uuid}/{page}/" for call in Call.objects.all() for page in ("change", "debug-log")]
    more += [f"/admin/cdr/streamdetail/{live.uuid}/{page}/" for page in ("change", "debug-log", "stop")]
    more += [f"/admin/cdr/streamdetail/{closed.uuid}/debug-log/", "/admin/cdr/streamdetail/?cause=customer_closed&q=nothing"]
    more += [f"/admin/cdr/calldetail/{live.call.uuid}/hang-up/", "/admin/cdr/calldetail/exports/?state=ended"]
    more += [f"/admin/cdr/streamdetail/compare/?a={live.uuid}&b={other}" for other in ("", unconnected.uuid)]
    more += ["/admin/cdr/streamdetail/all/?state=live", "/admin/cdr/streamdetail/saved/?state=live", "/admin/jsi18n/"]
    more += [f"/admin/streams/callback/{Callback.objects.first().pk}/{page}/" for page in ("change", "resend")]
    return [*NOT_WELL, *more, f"/admin/streams/gateway/{Gateway.objects.latest('pk').pk}/change/"]


def drawn(user: User, more: list[str]) -> dict[str, Any]:
    """What the console answers, by address: a page of each kind, and more."""
    client = Client()
    client.force_login(user)
    with known_people():
        others = {LOGIN: Client().get(LOGIN), **{address: client.get(address) for address in more}}
        assert {address: answer.status_code for address, answer in others.items() if answer.status_code != 200} == NOT_WELL
        return every_page.kinds(user) | others | behind_a_link(user) | at_desk(user)


def at_desk(user: User) -> dict[str, Any]:
    """The same rows as the people of their account see them, a manager, and what an invitation shows somebody new."""
    account = Account.objects.order_by("pk")[0]
    put_keys_back(account)
    Membership.objects.get_or_create(user=user, account=account, role=Role.MANAGER)
    client, invitation = Client(), Invitation.objects.all()[0]
    client.force_login(user)
    answers = {address: client.get(address) for address in every_address.addresses(Account.objects.get(pk=account.pk).name)}
    shown = {address: answer for address, answer in answers.items() if every_page.is_page(answer)}
    assert len(shown) > 25 and {answer.status_code for answer in answers.values()} <= {200, 404}
    link = invitations.link_of(invitation).removeprefix(invitation.origin)
    return shown | {address: Client().get(address) for address in ("/desk/login/", link, "/invitation/x/")}


def behind_a_link(user: User) -> dict[str, Any]:
    """What somebody without a login sees: the log, and that a link leads nowhere."""
    link = every_page.a_link(Stream.objects.order_by("pk").first(), user)
    return {address: Client().get(address) for address in (f"/shared/{link}/", f"/shared/{link}/x/")}
