"""An ended stream is charged once, at the rate of that moment."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from cdr import ledger
from cdr.models import Charge
from streams.models import Account, Stream
from tests.cdr.call_script import CallScript, make_gateway
from tests.cdr.factories import good_call, live_call, refused_call

pytestmark = pytest.mark.django_db


def ended_stream(seconds: float, **plan: object) -> Stream:
    """A live stream of a new call, as it looks a moment after its end; not charged yet."""
    call = live_call(make_gateway(account="Billed", **plan))
    stream = call.streams.order_by("pk").first()
    start = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
    stream.started_at, stream.ended_at = start, start + timedelta(seconds=seconds)
    return stream


def test_the_charge_keeps_the_plan_of_that_moment() -> None:
    stream = ended_stream(61, rate=Decimal("0.00500"), billing_interval_seconds=30, currency="EUR")
    ledger.charge([stream])
    charge = Charge.objects.get()
    Account.objects.update(rate=Decimal("9"), billing_interval_seconds=1, currency="USD")
    charge.refresh_from_db()
    assert (charge.seconds, charge.billed_seconds, charge.amount) == (61, 90, Decimal("0.01500"))
    assert (charge.rate, charge.interval_seconds, charge.currency) == (Decimal("0.00500"), 30, "EUR")


def test_charging_twice_leaves_the_first_charge() -> None:
    stream = ended_stream(10)
    ledger.charge([stream])
    stream.ended_at = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
    ledger.charge([stream])
    assert Charge.objects.get().seconds == 10


def test_a_stream_that_never_started_has_a_charge_of_nothing() -> None:
    refused_call(make_gateway())
    assert Charge.objects.values_list("seconds", "billed_seconds", "amount").get() == (0, 0, Decimal(0))


def test_every_ended_stream_has_its_charge_and_no_other_has_one() -> None:
    gateway = make_gateway()
    good_call(gateway)
    live_call(gateway)
    assert [charge.stream.state for charge in Charge.objects.all()] == ["ended"]
    assert Stream.objects.filter(charge=None).count() == 2


def test_the_charge_is_part_of_the_transaction_that_ends_the_stream() -> None:
    script = CallScript(make_gateway()).answered()
    stream = script.streaming()
    script.stream_ended(stream, 5, "call_ended", "The gateway hung up.")
    with pytest.raises(RuntimeError), transaction.atomic():
        script.save()
        assert Charge.objects.count() == 1
        raise RuntimeError
    assert Charge.objects.count() == Stream.objects.count() == 0
