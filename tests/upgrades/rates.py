"""An upgrade turns the rate that each account had into one valid from the beginning, and prices nothing anew.

Owns what is written before and judged afterwards; tests/test_upgrade.py upgrades."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from cdr import ledger
from cdr.models import Charge
from streams.models import Rate, Stream
from streams.pure.price import BEGINNING, Price
from streams.rates import PriceList

BEFORE = [("streams", "0027_process_reports"), ("cdr", "0018_see_secrets")]
STARTED = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Planted:
    """The keys of the rows of that time, and what stood in the charge."""

    priced: int
    odd: int
    running: int
    charge: dict[str, Any]


def plant(old: Any) -> Planted:
    accounts, charges = old("streams", "Account").objects, old("cdr", "Charge").objects
    priced = accounts.create(name="Priced", rate=Decimal("0.00450"), billing_interval_seconds=30, currency="EUR")
    # From before there was a list of currencies, and dearer than one may write today.
    odd = accounts.create(name="Odd", rate=Decimal("9999999.99999"), currency="ABC")
    call = old("streams", "Call").objects.create(account=priced, started_at=STARTED, owner="c" * 32)
    times = ("call_started_at", "requested_at", "started_at")
    streams = [old("streams", "Stream").objects.create(call=call, account=priced, **dict.fromkeys(times, STARTED)) for _ in range(2)]
    plan = {"rate": Decimal("0.007"), "interval_seconds": 60, "currency": "USD", "amount": Decimal("0.00700")}
    charges.create(stream=streams[0], seconds=50, billed_seconds=60, **plan)
    before = charges.values(*("stream", "seconds", "billed_seconds", "rate", "interval_seconds", "currency", "amount")).get()
    return Planted(priced.pk, odd.pk, streams[1].pk, before)


def each_account_keeps_its_price_and_each_charge_its_amount(planted: Planted) -> None:
    assert set(Rate.objects.values_list("valid_from", "created_by")) == {(BEGINNING, "the upgrade")}
    listed = PriceList([planted.priced, planted.odd])
    assert listed.at(planted.priced, STARTED) == Price(Decimal("0.00450"), 30, "EUR")
    assert listed.at(planted.odd, STARTED) == Price(Decimal("9999999.99999"), 60, "ABC")
    charge = Charge.objects.get()
    assert {name: getattr(charge, "stream_id" if name == "stream" else name) for name in planted.charge} == planted.charge
    assert (charge.minimum_seconds, charge.free_seconds) == (0, 0)
    running = Stream.objects.get(pk=planted.running)
    running.ended_at = STARTED + timedelta(seconds=31)
    ledger.charge([running])
    assert Charge.objects.get(stream=running).amount == Decimal("0.00900")
