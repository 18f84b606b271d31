"""Calls and streams by facts of streams: which ones, and from which index."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory

from cdr.admin.site import console
from cdr.models import CallDetail, StreamDetail
from streams.models import Gateway, Stream
from tests.cdr import factories
from tests.cdr.admin.reading import read
from tests.cdr.call_script import STARTED, make_gateway
from tests.rows_again import made_once

CALLS = "/admin/cdr/calldetail/"


@pytest.fixture
def gateway(db) -> Gateway:
    return make_gateway()


def test_one_stream_has_to_be_all_that_is_asked_for(support, gateway) -> None:
    first, second = factories.live_call(gateway).streams.order_by("pk")
    Stream.objects.filter(pk=first.pk).update(end_cause="customer_closed", close_code=1011)
    Stream.objects.filter(pk=second.pk).update(end_cause="customer_lost", close_code=1006)
    assert len(read(support, f"{CALLS}?cause=customer_closed&code=1011").rows) == 2
    assert len(read(support, f"{CALLS}?cause=customer_closed&code=1006").rows) == 0
    assert len(read(support, f"{CALLS}?attempts=several&code=1006").rows) == 0


def test_a_call_with_two_such_streams_is_shown_once(support, gateway) -> None:
    call = factories.live_call(gateway)
    call.streams.update(end_cause="customer_closed", hangup_reason="Connection error")
    assert len(read(support, f"{CALLS}?reason=Connection+error&cause=customer_closed").rows) == 2


def test_calls_stand_in_the_order_of_their_start_not_of_their_streams(support, gateway) -> None:
    early, late = (factories.closed_call(gateway, STARTED + timedelta(minutes=minute)) for minute in (0, 1))
    early.streams.update(requested_at=STARTED + timedelta(hours=1))
    rows = read(support, f"{CALLS}?reason=Connection+error").rows[1:]
    assert [row[0][11:16] for row in rows] == [f"{call.started_at:%H:%M}" for call in (late, early)]


def test_a_stream_keeps_when_its_call_started_and_its_host(gateway) -> None:
    stream = factories.good_call(gateway).streams.get()
    assert (stream.call_started_at, stream.service_host) == (stream.call.started_at, "bot.example.com")


UNUSUAL = ["reason=Connection+error", "cause=customer_closed", "code=1011", "attempts=several", "degraded=60", "callbacks=failed"]
TOGETHER = "reason=Connection+error&cause=customer_closed&code=1011&attempts=several&degraded=30&callbacks=given-up"


@made_once
def twenty_calls() -> None:
    factories.fill(STARTED, 20)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by how many rows there are; `make bench` times it")
@pytest.mark.parametrize("query", [*UNUSUAL, TOGETHER, f"{TOGETHER}&when=week"])
@pytest.mark.parametrize(("model", "index"), [(CallDetail, "stream_unusual_by_call"), (StreamDetail, "stream_unusual_newest")])
def test_facts_are_read_from_the_narrow_index_in_the_order_of_the_list(admin_user, query, model, index) -> None:
    twenty_calls()
    request = RequestFactory().get(f"/?{query}")
    request.user = admin_user
    rows: Any = console.get_model_admin(model).get_changelist_instance(request)
    found = rows.streams if model is CallDetail else rows.queryset
    order = ("-call_started_at", "-call") if model is CallDetail else ("-requested_at", "-pk")
    plan = found.order_by(*order).values(*(name.removeprefix("-") for name in order))[:51].explain()
    assert index in plan and "TEMP B-TREE" not in plan
