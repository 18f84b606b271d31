"""Whatever strangers wrote into any column is shown as text, on every page of the console."""

import html
from datetime import timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from cdr.models import Adjustment, Export, MoneyCheck, SavedFilter
from streams.models import (
    Account,
    Call,
    Callback,
    ControlRequest,
    Gateway,
    GatewayTraffic,
    ProcessReport,
    Stream,
    StreamEvent,
    StreamRecording,
    WebProcess,
)
from streams.pure.gateway.refusal import Reason
from tests.cdr.admin import every_page
from tests.cdr.admin.asked_often import known_people
from tests.cdr.admin.hostile import HOSTILE, MARKER, poison_everything
from tests.cdr.admin.reading import crawl, read
from tests.cdr.call_script import STARTED, make_gateway
from tests.cdr.factories import KINDS, refused

LIMIT = 900


@pytest.fixture
def poisoned(db, administrator) -> list[str]:
    return poisoned_rows(User.objects.get(username="admin"))


def poisoned_rows(user: User) -> list[str]:
    """A row of everything, with hostile text in every column."""
    rows_of_everything(user)
    return poison_everything()


def rows_of_everything(user: User) -> None:
    every_page.rows()
    for kind in KINDS:
        kind(make_gateway(kind.__name__.replace("_", "-")))
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


def test_no_page_lets_markup_through_or_needs_what_the_policy_forbids(administrator, poisoned) -> None:
    assert poisoned == [], "make a row of each in poisoned_rows(), or say in NOT_SHOWN that no page shows its texts"
    pages = crawl(administrator, "/admin/", limit=LIMIT)
    assert 150 < len(pages) < LIMIT
    for address, page in pages.items():
        assert not any(markup in page.html for markup in (f"<script>{MARKER}", "<xss", "<img src=x")), address
        assert not page.inline and not page.foreign, (address, page.inline, page.foreign)
    assert sum(html.escape(HOSTILE)[:30] in page.html for page in pages.values()) > 50


def test_rows_with_words_nobody_told_us_about_are_shown(administrator, poisoned) -> None:
    StreamEvent.objects.update(kind="call_teleported", level="purple")
    Stream.objects.update(state="parked")
    Call.objects.update(state="parked")
    Callback.objects.update(state="parked")
    with known_people():
        for section in ("cdr/calldetail", "cdr/streamdetail", "streams/callback"):
            rows = [link for link in dict.fromkeys(read(administrator, f"/admin/{section}/").links) if f"/{section}/" in link]
            pages = [link for link in rows if "/change/" in link][:4]
            assert len(pages) == 4
            logs = [page.replace("/change/", "/debug-log/") for page in pages[:2] if section != "streams/callback"]
            for address in (*pages, *logs):
                read(administrator, address)
