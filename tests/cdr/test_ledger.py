"""An ended stream is charged once, by the price in force when it started."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from cdr import ledger
from cdr.models import Charge
from streams.models import Account, RateCard, Stream
from tests.cdr.call_script import CallScript, make_gateway
from tests.cdr.factories import good_call, live_call, refused_call
from tests.streams.rows import priced

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def each_call_is_written_by_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.cdr.call_again.write", lambda facts, notes, lease_seconds, by_the_journal: by_the_journal())


def ended_stream(seconds: float, **plan: object) -> Stream:
    """A live stream of a new call, as it looks a moment after its end; not charged yet."""
    call = live_call(make_gateway(account="Billed", **plan))
    stream = call.streams.order_by("pk").first()
    stream.started_at, stream.ended_at = START, START + timedelta(seconds=seconds)
    return stream


def test_the_charge_keeps_the_plan_of_that_moment() -> None:
    stream = ended_stream(61, rate=Decimal("0.00500"), billing_interval_seconds=30, currency="EUR")
    ledger.charge([stream])
    charge = Charge.objects.get()
    priced(Account.objects.get(), "9", 1, "USD", valid_from=START)
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


def test_a_rate_that_changes_during_a_stream_is_the_next_ones() -> None:
    stream = ended_stream(120, rate="0.00300")
    priced(stream.account, "0.04", 60, "EUR", valid_from=START + timedelta(seconds=1))
    ledger.charge([stream])
    assert Charge.objects.values_list("amount", "currency").get() == (Decimal("0.00600"), "USD")


def test_a_rate_is_in_force_from_its_very_moment_on() -> None:
    stream = ended_stream(60, rate="0.00300")
    priced(stream.account, "0.04", 60, "EUR", valid_from=START)
    ledger.charge([stream])
    assert Charge.objects.values_list("amount", "currency").get() == (Decimal("0.04000"), "EUR")


def test_a_card_says_the_price_from_when_the_account_has_it_to_when_it_has_another() -> None:
    stream, card = ended_stream(60, rate="0.00300"), RateCard.objects.create(name="Standard")
    priced(card, "0.01")
    priced(card, "0.02", valid_from=START + timedelta(days=1), minimum_seconds=90)
    stream.account.rates.create(card=card, valid_from=START - timedelta(hours=1))
    priced(stream.account, "0.05", valid_from=START + timedelta(days=2))
    found = {}
    for days in (-1, 0, 1, 2):
        stream.started_at, stream.ended_at = (at + timedelta(days=days) for at in (START, START + timedelta(seconds=60)))
        Charge.objects.all().delete()
        ledger.charge([stream])
        found[days] = Charge.objects.get().amount
    assert found == {-1: Decimal("0.00300"), 0: Decimal("0.01000"), 1: Decimal("0.04000"), 2: Decimal("0.05000")}


def test_what_is_free_and_the_minimum_stay_with_the_charge() -> None:
    stream = ended_stream(21, rate="0.001", billing_interval_seconds=1, minimum_seconds=30, free_seconds=20)
    ledger.charge([stream])
    charge = Charge.objects.get()
    assert (charge.seconds, charge.billed_seconds, charge.amount) == (21, 30, Decimal("0.03000"))
    assert (charge.minimum_seconds, charge.free_seconds) == (30, 20)


def test_many_are_charged_with_as_many_questions_as_one(django_assert_num_queries) -> None:
    """Of several accounts, with cards and without: those already charged, rates, the writing."""
    card = RateCard.objects.create(name="Standard")
    priced(card, "0.01")
    streams: list[Stream] = []
    for number in range(6):
        call = live_call(make_gateway(f"pbx-{number}", account=f"Account {number}", rate=f"0.00{number}"))
        if number % 2:
            call.account.rates.create(card=card, valid_from=START - timedelta(days=1))
        streams += call.streams.all()
    for stream in streams:
        stream.started_at, stream.ended_at = START, START + timedelta(seconds=9)
    with django_assert_num_queries(3):
        ledger.charge(streams)
    amounts = set(Charge.objects.values_list("stream__account__name", "amount"))
    assert amounts == {(f"Account {number}", Decimal("0.01") if number % 2 else Decimal(f"0.00{number}")) for number in range(6)}


def test_the_dearest_price_and_an_endless_stream_can_be_ended() -> None:
    stream = ended_stream(2_000_000_000, rate="99999.99999", billing_interval_seconds=1)
    ledger.charge([stream])
    assert Charge.objects.get().amount == Decimal("9999999999.99999")
