"""Money by the pages: rates are set, months closed and credits given in the console's forms while calls go on, and what came of it is read
to the last digit, in the console and at the customer's desk."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cdr import roles
from cdr.models import Adjustment, Charge, Statement
from cdr.tasks import close_statements
from streams import journal
from streams.models import Account, Gateway, Rate, Stream
from streams.pure.lifecycle import Level
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.admin.reading import Page, read
from tests.cdr.call_script import LEASE_SECONDS, OWNER, CallScript, make_gateway
from tests.cdr.desk.two_accounts import member
from tests.moved_clock import database_goes_with_it

pytestmark = pytest.mark.django_db

OCTOBER_10 = datetime(2026, 10, 10, 10, 0, tzinfo=UTC)
FIRST_PACKET = 0.34
"""Seconds after the call's beginning."""


@pytest.fixture(autouse=True)
def clock(monkeypatch) -> Iterator[Any]:
    database_goes_with_it(monkeypatch)
    with time_machine.travel(OCTOBER_10 - timedelta(hours=1), tick=False) as moved:
        yield moved


@pytest.fixture
def gateway(clock) -> Gateway:
    """Of an account in Berlin that pays 0.003 USD a minute from October on."""
    made = make_gateway()
    Account.objects.update(time_zone="Europe/Berlin")
    person("clara", roles.BILLING)
    member(made.account, name="carla")
    set_rate(Account.objects.get(), "0.00300", starts="date", valid_from="2026-10-01")
    return made


def clerk() -> Client:
    """Signed in just now: sessions end while months pass."""
    return signed_in(User.objects.get(username="clara"))


def customer() -> Client:
    return signed_in(User.objects.get(username="carla"))


def set_rate(account: Account, amount: str, currency: str = "USD", **starts: str) -> str:
    form = {"amount": amount, "interval_seconds": "60", "currency": currency, "minimum_seconds": "", "free_seconds": "", **starts}
    return unescape(clerk().post(f"/admin/streams/account/{account.pk}/new-rate/", form, follow=True).content.decode())


def begin(gateway: Gateway, at: datetime) -> tuple[CallScript, UUID]:
    """A call whose stream sends its first packet at that moment."""
    script = CallScript(gateway, at - timedelta(seconds=FIRST_PACKET))
    script.answered()
    stream = script.streaming()
    script.record()
    return script, stream


def end(call: tuple[CallScript, UUID], seconds: float) -> Stream:
    """Written by the journal, and charged in its transaction."""
    script, stream = call
    known = len(script.notes)
    script.stream_ended(stream, FIRST_PACKET + seconds, "call_ended", "The gateway hung up.", Level.INFO)
    script.call_ended(FIRST_PACKET + seconds)
    journal.record(OWNER, LEASE_SECONDS, script.facts, script.notes[known:])
    return Stream.objects.get(uuid=stream)


def streamed(gateway: Gateway, until: datetime, seconds: float = 60) -> Stream:
    return end(begin(gateway, until - timedelta(seconds=seconds)), seconds)


def statements(account: Account, currency: str, month: str) -> tuple[Page, Page]:
    """The same one as the clerk and as the customer read it."""
    console = clerk().get(f"/admin/cdr/statement/of/{account.pk}/{currency}/{month}/", follow=True).content.decode()
    return Page(console), read(customer(), f"/desk/statements/{account.auth_id}/{currency}/{month}/")


def pages_of(stream: Stream) -> tuple[Page, Page]:
    return read(clerk(), f"/admin/cdr/streamdetail/{stream.uuid}/change/"), read(customer(), f"/desk/streams/{stream.uuid}/")


def close(account: Account, currency: str, month: str) -> None:
    address = f"/admin/cdr/statement/of/{account.pk}/{currency}/{month}/close/"
    asking = clerk()
    assert "does not change any more" in read(asking, address).text
    asking.post(address)
    close_statements()


def test_a_rate_that_is_changed_during_a_call_is_that_of_the_calls_after_it(gateway, clock) -> None:
    clock.move_to(OCTOBER_10)
    before = begin(gateway, OCTOBER_10)
    clock.move_to(OCTOBER_10 + timedelta(seconds=30))
    assert "From 2026-10-10 12:01 Europe/Berlin on, Acme Robotics pays 0.009 USD per 60 s." in set_rate(
        gateway.account, "0.009", starts="minute"
    )
    clock.move_to(OCTOBER_10 + timedelta(seconds=90))
    after = begin(gateway, OCTOBER_10 + timedelta(seconds=90))
    clock.move_to(OCTOBER_10 + timedelta(seconds=95))
    for call, cost in ((before, "0.006 USD so far, 0.003 a minute"), (after, "0.009 USD so far, 0.009 a minute")):
        assert all(cost in page.text for page in pages_of(Stream.objects.get(uuid=call[1])))
    clock.move_to(OCTOBER_10 + timedelta(seconds=150))
    first, second = end(before, 121), end(after, 60)
    for stream, bill in ((first, "3 intervals of 60 s) × 0.003 USD"), (second, "1 interval of 60 s) × 0.009 USD")):
        assert all(f"{bill} per interval = 0.00900 USD" in page.text for page in pages_of(stream))
    for client, path in ((clerk(), "/admin/cdr/streamdetail/"), (customer(), "/desk/streams/")):
        assert "2 streams: 2 streams charged, 181 s, rounded 240 s, 0.01800 USD." in read(client, path).text
    for page in statements(gateway.account, "USD", "2026-10"):
        assert page.rows[-1] == ["2026-10-10", "2", "181", "240", "0.01800 USD"]


IN_USD = [
    ["2026-10-24", "1", "60", "60", "0.00300 USD"],
    ["2026-10-25", "3", "1,321", "1,380", "0.06900 USD"],
    ["2026-10-26", "1", "60", "60", "0.00300 USD"],
    ["2026-10-27", "1", "59", "60", "0.00300 USD"],
]
IN_EUR = ["2026-10-28", "1", "59", "60", "0.04000 EUR"]
LATE = ["2026-10-31 (late)", "1", "61", "120", "0.08000 EUR"]
OWED = (("USD", "2026-10", "0.07800"), ("EUR", "2026-10", "0.04000"), ("EUR", "2026-11", "0.10999"))


def october(gateway: Gateway, clock: Any) -> None:
    """In Berlin it is two hours later until the 25th, 01:00 UTC, and one from then on. From the 28th on euros are paid."""
    for day, hour, minute in ((24, 21, 59), (24, 22, 30), (25, 22, 59), (25, 23, 0)):
        clock.move_to(datetime(2026, 10, day, hour, minute, tzinfo=UTC))
        streamed(gateway, timezone.now())
    clock.move_to(datetime(2026, 10, 27, 12, 0, tzinfo=UTC))
    over_the_change = streamed(gateway, datetime(2026, 10, 25, 1, 10, tzinfo=UTC), seconds=1201)
    for page in pages_of(over_the_change):
        assert "21 intervals of 60 s) × 0.003 USD per interval = 0.06300 USD" in page.text
    assert "pays 0.04 EUR per 60 s" in set_rate(gateway.account, "0.04", "EUR", starts="tomorrow")
    for hour, minute in ((22, 59), (23, 1)):
        clock.move_to(datetime(2026, 10, 27, hour, minute, 59, tzinfo=UTC))
        streamed(gateway, timezone.now(), seconds=59)


def give_credit(account: Account, amount: str) -> None:
    credit = {"kind": "credit", "amount": amount, "currency": "EUR", "reason": "The outage of the 31st", "at": ""}
    told = clerk().post(f"/admin/cdr/statement/of/{account.pk}/correct/", credit, follow=True).content.decode()
    assert f"-{amount} EUR was written down" in told


def test_a_month_with_two_currencies_a_change_of_clocks_a_late_stream_and_a_credit(gateway, clock) -> None:
    account = gateway.account
    october(gateway, clock)
    clock.move_to(datetime(2026, 10, 31, 22, 59, tzinfo=UTC))
    lost = begin(gateway, timezone.now() - timedelta(minutes=1))

    clock.move_to(datetime(2026, 11, 2, 9, 0, tzinfo=UTC))
    for page in statements(account, "USD", "2026-10"):
        assert page.rows[-4:] == IN_USD and "0.07800 USD" in page.text and "draft: it is not closed" in page.text
    for page in statements(account, "EUR", "2026-10"):
        assert page.rows[-1] == IN_EUR and "USD" not in page.text
    close(account, "USD", "2026-10")
    close(account, "EUR", "2026-10")
    refused = set_rate(account, "9", "EUR", starts="date", valid_from="2026-10-31")
    assert "Statements are closed until 2026-10-31 23:00 UTC" in refused and not Rate.objects.filter(amount=9).exists()

    end(lost, 61)  # its process had died: it ended in October, in Berlin as well, and is billed now
    clock.move_to(datetime(2026, 11, 3, 9, 0, tzinfo=UTC))
    streamed(gateway, timezone.now())
    give_credit(account, "0.01001")
    for page in statements(account, "EUR", "2026-11"):
        assert "0.10999 EUR" in page.text and "The outage of the 31st" in page.text
        assert LATE in page.rows and ["2026-11-03", "1", "60", "60", "0.04000 EUR"] in page.rows
    for page in statements(account, "EUR", "2026-10"):
        assert page.rows[-1] == IN_EUR and "closed at 2026-11-02 09:00:00 UTC" in page.text

    clock.move_to(datetime(2026, 12, 1, 0, 0, tzinfo=UTC))
    close(account, "EUR", "2026-11")
    require_owed(account)
    assert sums_of_rows() == {"USD": Decimal("0.07800"), "EUR": Decimal("0.14999")}, "each charge and credit once"
    assert not Charge.objects.filter(statement=None).exists() and not Adjustment.objects.filter(statement=None).exists()


def require_owed(account: Account) -> None:
    """On both sites' pages and in their files."""
    listed = read(customer(), "/desk/statements/").text
    for currency, month, amount in OWED:
        assert f"{amount} {currency}" in listed
        for page in statements(account, currency, month):
            assert f"Amount {amount} {currency}" in page.text and "closed at" in page.text
        row = Statement.objects.get(currency=currency, month=f"{month}-01")
        files = (
            clerk().get(f"/admin/cdr/statement/{row.pk}/csv/"),
            customer().get(f"/desk/statements/{account.auth_id}/{currency}/{month}/csv/"),
        )
        assert [file.content.decode().splitlines()[-1].split(",")[8:10] for file in files] == [[amount, currency]] * 2


def sums_of_rows() -> dict[str, Decimal]:
    """What charges and credits come to by themselves."""
    amounts = [*Charge.objects.values_list("currency", "amount"), *Adjustment.objects.values_list("currency", "amount")]
    return {currency: sum((amount for known, amount in amounts if known == currency), Decimal(0)) for currency, _ in amounts}
