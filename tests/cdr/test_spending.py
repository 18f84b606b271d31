"""What accounts have spent this month, against what they may."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from cdr import spending
from cdr.models import Adjustment, AuditEntry
from streams.models import Account
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import live_call
from tests.cdr.statements.charged import account_of, charged
from tests.moved_clock import database_goes_with_it
from tests.streams.rows import priced

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 15, 12, 0, tzinfo=UTC)
BEGIN = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
"""Of November in Berlin."""


@pytest.fixture(autouse=True)
def in_november(monkeypatch):
    database_goes_with_it(monkeypatch)
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def administrator() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


@pytest.fixture
def account() -> Account:
    make_gateway(rate="1", billing_interval_seconds=60)
    Account.objects.update(time_zone="Europe/Berlin", spending_warn_at=2, spending_stop_at=3)
    return account_of()


def looked_at() -> Account:
    spending.watch_all()
    return account_of()


def test_it_is_warned_and_then_stopped_and_free_again_with_the_next_month(account) -> None:
    charged(BEGIN - timedelta(seconds=1))  # October's
    assert spending.spent_this_month(account, NOW) == 0
    charged(BEGIN)
    assert (looked_at().spending_warned_at, spending.over_limits()) == (None, [])
    charged(NOW - timedelta(hours=1))
    found = looked_at()
    assert (found.spending_warned_at, found.spending_stopped_at) == (NOW, None)
    charged(NOW - timedelta(minutes=1))
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        found = looked_at()
    assert (found.spending_warned_at, found.spending_stopped_at) == (NOW, NOW + timedelta(minutes=1))
    over = [(one.account.name, one.limit, one.currency, one.since, one.stopped) for one in spending.over_limits()]
    assert over == [
        ("Acme Robotics", Decimal(2), "USD", NOW, False),
        ("Acme Robotics", Decimal(3), "USD", NOW + timedelta(minutes=1), True),
    ]
    with time_machine.travel(datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC), tick=False):
        assert looked_at().spending_stopped_at is not None
    with time_machine.travel(datetime(2026, 11, 30, 23, 0, tzinfo=UTC), tick=False):
        assert (looked_at().spending_stopped_at, spending.over_limits()) == (None, [])
    assert [entry.by for entry in AuditEntry.objects.all()] == ["spending limit"] * 3


def test_looking_again_changes_and_writes_nothing(account) -> None:
    for minutes in (1, 2, 3):
        charged(NOW - timedelta(minutes=minutes))
    looked_at()
    before = Account.objects.values().get(), AuditEntry.objects.count()
    looked_at()
    assert (Account.objects.values().get(), AuditEntry.objects.count()) == before and before[1] == 1


def test_streams_that_are_live_count_with_what_they_have_cost_so_far(account) -> None:
    live_call(make_gateway(), NOW - timedelta(seconds=121))
    assert spending.spent_this_month(account, NOW) == 3
    assert looked_at().spending_stopped_at == NOW


def test_a_credit_makes_room(account) -> None:
    for minutes in (1, 2, 3):
        charged(NOW - timedelta(minutes=minutes))
    assert looked_at().spending_stopped_at
    Adjustment.objects.create(account=account, currency="USD", amount=Decimal("-0.5"), reason="Why", at=NOW, created_by="clara")
    found = looked_at()
    assert (found.spending_stopped_at, found.spending_warned_at) == (None, NOW)


def test_what_is_spent_in_another_currency_does_not_count(account) -> None:
    priced(account, "100", 60, "JPY", valid_from=NOW - timedelta(hours=1))
    charged(NOW - timedelta(minutes=1))
    assert spending.spent_this_month(account, NOW) == 0
    Account.objects.update(spending_currency="JPY")
    assert spending.spent_this_month(account_of(), NOW) == 100


def test_an_account_without_limits_is_not_looked_at(account, django_assert_num_queries) -> None:
    Account.objects.update(spending_warn_at=None, spending_stop_at=None)
    with django_assert_num_queries(1):
        spending.watch_all()


def test_a_limit_that_is_raised_on_the_accounts_page_counts_at_once(administrator, account) -> None:
    for minutes in (1, 2, 3):
        charged(NOW - timedelta(minutes=minutes))
    looked_at()
    address = f"/admin/streams/account/{account.pk}/edit/"
    text = read(administrator, address.replace("/edit/", "/change/")).text
    assert "3.00000 USD spent this month (Europe/Berlin)" in text and "Over the warning since (UTC) 2026-11-15 12:00:00" in text
    assert "No new streams since (UTC)" in text
    form = administrator.get(address).context_data["adminform"].form
    values = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    assert administrator.post(address, values | {"spending_stop_at": "50"}).status_code == 302
    assert account_of().spending_stopped_at is None and account_of().spending_warned_at == NOW


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"spending_warn_at": "9", "spending_stop_at": "3"}, "Warn at no more than streams are stopped at"),
        ({"spending_stop_at": "0"}, "greater than or equal to 0.00001"),
        ({"spending_stop_at": "-1"}, "greater than or equal to 0.00001"),
        ({"spending_stop_at": "1.000001"}, "no more than 5 decimal places"),
        ({"spending_currency": "EURO"}, "at most 3 characters"),
        ({"spending_currency": "XXX"}, "ISO 4217"),
        ({"time_zone": "Mars/Olympus"}, "A time zone is one of the IANA database"),
    ],
)
def test_what_is_no_limit_is_said_at_its_field(administrator, account, values, words) -> None:
    address = f"/admin/streams/account/{account.pk}/edit/"
    form = administrator.get(address).context_data["adminform"].form
    sent = {name: form[name].value() for name in form.fields if form[name].value() is not None} | values
    assert words in administrator.post(address, sent).content.decode()
    assert account_of().spending_stop_at == 3


def test_looking_at_many_takes_few_queries_each(django_assert_max_num_queries) -> None:
    for number in range(10):
        make_gateway(f"pbx-{number}", f"Account {number}")
    Account.objects.update(spending_stop_at=5)
    with django_assert_max_num_queries(1 + 10 * 8):
        spending.watch_all()
