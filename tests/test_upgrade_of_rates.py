"""An upgrade turns the rate that each account had into one valid from the beginning, and prices nothing anew."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cdr import ledger
from cdr.models import Charge
from streams.models import Rate, Stream
from streams.pure.price import BEGINNING, Price
from streams.rates import PriceList
from tests.upgrading import database_of, upgrade

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = [("streams", "0027_process_reports"), ("cdr", "0018_see_secrets")]
STARTED = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@pytest.fixture
def old() -> Iterator[Any]:
    with database_of(BEFORE) as get_model:
        yield get_model


def test_each_account_keeps_its_price_and_each_charge_its_amount(old) -> None:
    accounts, charges = old("streams", "Account").objects, old("cdr", "Charge").objects
    acme = accounts.create(name="Acme", rate=Decimal("0.00450"), billing_interval_seconds=30, currency="EUR")
    # From before there was a list of currencies, and dearer than one may write today.
    odd = accounts.create(name="Odd", rate=Decimal("9999999.99999"), currency="ABC")
    call = old("streams", "Call").objects.create(account=acme, started_at=STARTED, owner="a" * 32)
    streams = [
        old("streams", "Stream").objects.create(call=call, account=acme, call_started_at=STARTED, requested_at=STARTED, started_at=STARTED)
        for _ in range(2)
    ]
    plan = {"rate": Decimal("0.007"), "interval_seconds": 60, "currency": "USD", "amount": Decimal("0.00700")}
    charges.create(stream=streams[0], seconds=50, billed_seconds=60, **plan)
    before = charges.values(*("stream", "seconds", "billed_seconds", "rate", "interval_seconds", "currency", "amount")).get()
    upgrade()
    assert set(Rate.objects.values_list("valid_from", "created_by")) == {(BEGINNING, "the upgrade")}
    listed = PriceList([acme.pk, odd.pk])
    assert listed.at(acme.pk, STARTED) == Price(Decimal("0.00450"), 30, "EUR")
    assert listed.at(odd.pk, STARTED) == Price(Decimal("9999999.99999"), 60, "ABC")
    charge = Charge.objects.get()
    assert {name: getattr(charge, "stream_id" if name == "stream" else name) for name in before} == before
    assert (charge.minimum_seconds, charge.free_seconds) == (0, 0)
    running = Stream.objects.get(pk=streams[1].pk)
    running.ended_at = STARTED + timedelta(seconds=31)
    ledger.charge([running])
    assert Charge.objects.get(stream=running).amount == Decimal("0.00900")
