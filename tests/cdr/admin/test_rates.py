"""Setting prices in the console: from when, of whom, by whom; and what is refused, where it was written."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from cdr import roles
from cdr.models import AuditEntry
from streams.models import Account, Rate, RateCard
from streams.pure.price import BEGINNING
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway
from tests.moved_clock import database_goes_with_it
from tests.streams.rows import priced

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 27, 23, 30, 20, tzinfo=UTC)
PLAN = {"amount": "0.004", "interval_seconds": "60", "currency": "EUR", "minimum_seconds": "30", "free_seconds": ""}


@pytest.fixture(autouse=True)
def late_in_the_evening(monkeypatch):
    database_goes_with_it(monkeypatch)
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def account() -> Account:
    owner = make_gateway(rate="0.00300").account
    owner.time_zone = "Europe/Berlin"
    owner.save()
    return owner


@pytest.fixture
def card() -> RateCard:
    made = RateCard.objects.create(name="Standard")
    priced(made, "0.01")
    return made


@pytest.fixture
def clerk() -> Client:
    return signed_in(person("clara", roles.BILLING))


def page_of(owner: Account | RateCard) -> str:
    return f"/admin/streams/{'account' if isinstance(owner, Account) else 'ratecard'}/{owner.pk}/"


def send(client: Client, owner: Account | RateCard, **values: object) -> str:
    """The text of the page that answers."""
    response = client.post(f"{page_of(owner)}new-rate/", {"starts": "tomorrow", **PLAN, **values}, follow=True)
    assert response.status_code == 200
    return read(client, response.request["PATH_INFO"]).text if response.redirect_chain else response.content.decode()


@pytest.mark.parametrize(
    ("starts", "valid_from", "moment"),
    [
        # It is the 28th already in Berlin.
        ("tomorrow", "", datetime(2026, 11, 28, 23, 0, tzinfo=UTC)),
        ("month", "", datetime(2026, 11, 30, 23, 0, tzinfo=UTC)),
        ("minute", "", datetime(2026, 11, 27, 23, 31, tzinfo=UTC)),
        ("date", "2027-07-01", datetime(2027, 6, 30, 22, 0, tzinfo=UTC)),
        ("date", "2027-07-01 14:00", datetime(2027, 7, 1, 12, 0, tzinfo=UTC)),
    ],
)
def test_a_rate_is_valid_from_a_day_of_the_customer(clerk, account, starts, valid_from, moment) -> None:
    text = send(clerk, account, starts=starts, valid_from=valid_from)
    assert Rate.objects.latest("pk").valid_from == moment
    assert "0.004 EUR per 60 s, at least 30 s" in text and "to come" in text and "in force" in text


def test_it_is_said_and_audited(clerk, account) -> None:
    answer = clerk.post(f"{page_of(account)}new-rate/", {"starts": "tomorrow", **PLAN}, follow=True).content.decode()
    assert "From 2026-11-29 00:00 Europe/Berlin on, Acme Robotics pays 0.004 EUR per 60 s, at least 30 s." in answer
    entry = AuditEntry.objects.get()
    assert (entry.by, entry.act, entry.kind, entry.address) == ("clara", "add", "rate", "127.0.0.1")
    assert entry.details == {"valid_from": ["", "2026-11-28 23:00 UTC"], "price": ["", "0.004 EUR per 60 s, at least 30 s"]}


def test_a_date_in_the_past_says_what_it_does_not_do(clerk, account) -> None:
    values = {"starts": "date", "valid_from": "2026-11-20", **PLAN}
    answer = clerk.post(f"{page_of(account)}new-rate/", values, follow=True).content.decode()
    assert "streams that have ended since then keep what they were charged" in answer


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"amount": "-0.01"}, "greater than or equal to 0"),
        ({"amount": "0.0000001"}, "no more than 5 decimal places"),
        ({"amount": "1e30"}, "no more than"),
        ({"amount": "100000"}, "less than or equal to 99999.99999"),
        ({"amount": "NaN"}, "Enter a number."),
        ({"amount": ""}, "Write a price."),
        ({"currency": "usd"}, "Did you mean USD?"),
        ({"currency": "XXX"}, "ISO 4217"),
        ({"interval_seconds": "0"}, "greater than or equal to 1"),
        ({"interval_seconds": "86401"}, "less than or equal to 86400"),
        ({"free_seconds": "-1"}, "greater than or equal to 0"),
        ({"starts": "date"}, "Write a day as 2026-12-01"),
        ({"starts": "date", "valid_from": "31.12.2026"}, "Write a day as 2026-12-01"),
        ({"starts": "date", "valid_from": "2027-03-28 02:30"}, "There is no 02:30 on that day in Europe/Berlin"),
        ({"valid_from": "2026-12-24"}, "A time is written below as well"),
        ({"starts": "whenever"}, "whenever is not one of the available choices"),
        ({"card": "77"}, "Select a valid choice"),
        ({"starts": "date", "valid_from": "2026-10-31"}, "Statements are closed until 2026-10-31 23:00 UTC"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_saved(clerk, account, values, words) -> None:
    Account.objects.update(closed_until=datetime(2026, 10, 31, 23, 0, tzinfo=UTC))
    assert words in send(clerk, account, **values).replace("“", "").replace("”", "")
    assert Rate.objects.count() == 1 and not AuditEntry.objects.exists()


def test_the_same_time_twice_is_an_overlap(clerk, account) -> None:
    send(clerk, account)
    assert "There is a rate from 2026-11-28 23:00 UTC on already" in send(clerk, account)
    assert Rate.objects.count() == 2


def test_one_that_has_not_begun_is_withdrawn_and_one_that_has_is_not(clerk, account) -> None:
    send(clerk, account)
    coming, begun = Rate.objects.latest("pk"), Rate.objects.get(valid_from=BEGINNING)
    links = read(clerk, f"{page_of(account)}change/").links
    assert any(link.endswith(f"withdraw-rate/{coming.pk}/") for link in links)
    assert not any(link.endswith(f"withdraw-rate/{begun.pk}/") for link in links)
    assert "has begun" in clerk.post(f"{page_of(account)}withdraw-rate/{begun.pk}/", follow=True).content.decode()
    assert "was withdrawn" in clerk.post(f"{page_of(account)}withdraw-rate/{coming.pk}/", follow=True).content.decode()
    assert Rate.objects.get() == begun
    assert list(AuditEntry.objects.values_list("act", flat=True)) == ["delete", "add"]


def test_nobody_withdraws_the_rate_of_another_account_by_its_address(clerk, account, card) -> None:
    other = priced(Account.objects.create(name="Another"), valid_from=NOW + timedelta(days=1))
    priced(card, "0.02", valid_from=NOW + timedelta(days=1))
    for owner in (account, card):
        assert clerk.post(f"{page_of(owner)}withdraw-rate/{other.pk}/").status_code == 404
    assert Rate.objects.filter(pk=other.pk).exists()


def test_a_card_is_shared_and_its_page_says_by_whom(clerk, account, card) -> None:
    text = send(clerk, account, card=card.pk)
    assert "as rate card Standard" in text
    shown = read(clerk, f"{page_of(card)}change/")
    assert "Acme Robotics" in shown.text and "0.01 USD per 60 s" in shown.text
    send(clerk, card, amount="0.02")
    assert Rate.objects.filter(account=None, card=card).count() == 2
    assert "0.004 EUR" not in text  # what was filled in beside the card is no price


def test_a_new_card_is_made_and_given_its_first_price(clerk) -> None:
    assert clerk.post("/admin/streams/ratecard/add/", {"name": "Night"}).status_code == 302
    made = RateCard.objects.get()
    assert "None yet." in read(clerk, f"{page_of(made)}change/").text
    send(clerk, made, starts="date", valid_from="2026-01-01")
    assert read(clerk, "/admin/streams/ratecard/").rows[1][-1] == "0.004 EUR per 60 s, at least 30 s"


def test_who_may_look_sees_rates_and_no_door_to_change_them(support, account) -> None:
    page = read(support, f"{page_of(account)}change/")
    assert "0.003 USD per 60 s" in page.text and not any("rate/" in link for link in page.links)
    assert support.post(f"{page_of(account)}new-rate/", {"starts": "tomorrow", **PLAN}).status_code == 403


def test_nothing_of_what_is_written_is_markup(clerk, account) -> None:
    User.objects.filter(username="clara").update(username="<b>x</b>")
    page = send(clerk, account)
    assert "<b>x</b>" in page  # as text
    Account.objects.update(name="<i>Acme</i>")
    assert "<i>Acme" not in clerk.get(f"{page_of(account)}new-rate/").content.decode()


def test_the_queries_of_a_page_do_not_grow_with_its_history(clerk, account, card, django_assert_max_num_queries) -> None:
    for day in range(40):
        priced(account, f"0.0{day:02}", valid_from=NOW - timedelta(days=day))
        account.rates.create(card=card, valid_from=NOW - timedelta(days=100 + day))
    with django_assert_max_num_queries(17):
        read(clerk, f"{page_of(account)}change/")
    for number in range(20):
        make_gateway(f"more-{number}", f"More {number}", rate=f"0.{number:02}")
    with django_assert_max_num_queries(11):
        read(clerk, "/admin/streams/account/")
