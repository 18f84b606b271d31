"""What a doctor says of what goes on: rows as workers and gateways leave them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from config.doctor import of_work
from streams.models import Call, CallbackState, Gateway, GatewayRefusal, Heartbeat
from streams.pure.lifecycle import CallState
from tests.streams.callback_rows import owed, stream
from tests.streams.rows import gateway

pytestmark = pytest.mark.django_db


def ago(**past: float):
    return timezone.now() - timedelta(**past)


def call(of: Gateway, **columns) -> Call:
    return Call.objects.create(account=of.account, gateway=of, **{"started_at": timezone.now(), "state": CallState.ENDED, **columns})


def test_an_installation_that_is_well_is_told_nothing() -> None:
    Heartbeat.objects.create(name="reaper", beat_at=timezone.now())
    call(gateway())
    for examine in (of_work.examine_work, of_work.examine_callbacks, of_work.examine_gateways):
        assert list(examine()) == []


def test_without_a_worker_it_is_said_as_status_says_it() -> None:
    [found] = of_work.examine_work()
    assert "No worker has done anything yet." in found.what


def test_callbacks_whose_worker_went_away_and_those_given_up_are_told() -> None:
    row = stream()
    owed(row, "http://a.example/", claimed_until=ago(hours=1), claimed_by=uuid4().hex)
    for number in range(of_work.GIVEN_UP_MANY):
        owed(row, f"http://b.example/{number}", state=CallbackState.GIVEN_UP, due_at=None)
    stuck, given_up = of_work.examine_callbacks()
    assert stuck.what.startswith("1 status callbacks") and "10 of them to b.example" in given_up.what


def test_a_gateway_that_knocks_in_vain_is_told_until_a_call_of_it_comes() -> None:
    row = gateway("pbx1")
    at = ago(minutes=5)
    GatewayRefusal.objects.create(gateway=row, name="pbx1", reason="wrong_password", hour=at, first_at=at, last_at=at)
    [found] = of_work.examine_gateways()
    assert "pbx1 (wrong_password)" in found.what
    call(row)
    assert list(of_work.examine_gateways()) == []


def test_a_gateway_that_fell_silent_is_told_while_others_have_calls() -> None:
    silent, busy, retired = gateway("silent"), gateway("busy"), gateway("retired")
    call(silent, started_at=ago(days=2))
    call(retired, started_at=ago(days=20))
    assert list(of_work.examine_gateways()) == []
    call(busy)
    [found] = of_work.examine_gateways()
    assert found.what.endswith(": silent.")


def test_live_calls_whose_gateway_says_nothing_are_told() -> None:
    call(gateway(), state=CallState.LIVE, lease_until=timezone.now() + timedelta(seconds=20), renewed_at=ago(minutes=30))
    [found] = of_work.examine_gateways()
    assert "Of 1 live calls" in found.what
