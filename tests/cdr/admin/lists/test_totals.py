"""What a list comes to, said below it: of a short selection at once, of a longer one where it is asked for; within the list's time, or said
that it was not counted."""

import time
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import OperationalError, connection

from cdr import exports
from cdr.admin.lists import totals
from cdr.models import Charge, Export
from cdr.statements import counting
from streams.models import Call, Stream
from tests.cdr.admin.reading import listed, read
from tests.cdr.call_script import STARTED, make_gateway
from tests.cdr.desk.two_accounts import OTHER_HOST, OWN, at_desk, other_rows, own_rows
from tests.cdr.factories import good_call, live_call, many_streams_call, refused_call
from tests.streams.rows import priced

pytestmark = pytest.mark.django_db

CALLS, STREAMS = "/admin/cdr/calldetail/", "/admin/cdr/streamdetail/"


@pytest.fixture(autouse=True)
def there_is_time(monkeypatch) -> None:
    """As if each list had taken long: of a busy machine nothing is counted by itself, and that is right there and wrong here."""
    monkeypatch.setattr(totals.Totalled, "began", time.monotonic() - 1000)
    monkeypatch.setattr(totals, "MOST_MS", 30_000)


@pytest.fixture
def calls(db) -> None:
    """In two currencies, one of them refused, one live."""
    good_call(make_gateway(rate="0.00300"), seconds=41.4)
    many_streams_call(make_gateway())
    refused_call(make_gateway("pbx-2", "Globex", rate="0.00400", currency="EUR"))
    good_call(make_gateway("pbx-2"), seconds=61)
    live_call(make_gateway("pbx-2"))


@pytest.fixture
def small_pages(administrator, monkeypatch) -> None:
    for address in (STREAMS, CALLS):
        monkeypatch.setattr(type(listed(administrator, address).model_admin), "list_per_page", 2)


def test_a_short_selection_says_at_once_what_it_comes_to(administrator, calls, django_assert_max_num_queries) -> None:
    for address in (STREAMS, CALLS):
        asked = listed(administrator, f"{address}?from=2000-01-01&totals=1").totals
        with django_assert_max_num_queries(8):
            page = read(administrator, f"{address}?from=2000-01-01")
        assert asked in page.text and not any("totals=1" in link for link in page.links)
        assert listed(administrator, address).totals == asked, "all there are, on one page"


def test_a_selection_of_some_pages_says_it_at_once_and_on_the_first(administrator, calls, small_pages) -> None:
    for address in (STREAMS, CALLS):
        asked = listed(administrator, f"{address}?from=2000-01-01&totals=1").totals
        first = listed(administrator, f"{address}?from=2000-01-01")
        assert first.older and first.totals == asked
        assert listed(administrator, f"{address}{first.older}").totals == listed(administrator, address).totals == ""


def test_a_longer_one_is_counted_when_it_is_asked_for(administrator, calls, small_pages, monkeypatch) -> None:
    monkeypatch.setattr(totals, "MOST_AT_ONCE", 3)
    for address in (STREAMS, CALLS):
        page = read(administrator, f"{address}?from=2000-01-01")
        assert listed(administrator, address).totals == "" and f"{address}?from=2000-01-01&totals=1" in page.links
    assert listed(administrator, f"{STREAMS}?totals=1").totals.startswith("10 streams: ")


def test_it_is_no_part_of_what_is_saved_or_exported(administrator, calls) -> None:
    found = listed(administrator, f"{STREAMS}?state=ended&totals=1")
    assert found.selection == "state=ended" and len(found.chips) == 1 and found.totals
    assert administrator.get("/admin/streams/callback/?totals=1").status_code == 400


def test_count_seconds_and_amount_by_currency(administrator, calls) -> None:
    page = read(administrator, f"{STREAMS}?from=2000-01-01&totals=1").text
    euro = "2 streams charged, 61 s, rounded 120 s, 0.00800 EUR"
    seconds = sum(Charge.objects.filter(currency="USD").values_list("seconds", flat=True))
    amount = sum(Charge.objects.filter(currency="USD").values_list("amount", flat=True))
    assert f"10 streams: {euro}; 6 streams charged, {seconds} s, rounded " in page and f"{amount:.5f} USD." in page
    page = read(administrator, f"{CALLS}?from=2000-01-01&totals=1").text
    assert f"5 calls: {euro}; 6 streams charged, {seconds} s, rounded " in page


def test_amounts_of_any_size_are_added_to_the_last_digit(administrator, calls) -> None:
    Charge.objects.filter(currency="EUR").update(amount=Decimal("98765.43211"))
    for address in (STREAMS, CALLS):
        assert ", 197530.86422 EUR" in read(administrator, f"{address}?from=2000-01-01&totals=1").text


def test_they_are_those_of_the_selection_and_not_of_the_page(administrator, calls, monkeypatch) -> None:
    monkeypatch.setattr(type(listed(administrator, STREAMS).model_admin), "list_per_page", 2)
    key = make_gateway("pbx-2").account.auth_id
    found = listed(administrator, f"{STREAMS}?account={key}&totals=1")
    assert len(found.result_list) == 2 and found.totals.startswith("4 streams: 2 streams charged, ") and "USD" not in found.totals


def test_streams_that_are_not_charged_are_said(administrator, calls) -> None:
    assert listed(administrator, f"{STREAMS}?state=live&totals=1").totals == "2 streams; none of them is charged yet."


def test_very_many_are_not_counted_and_that_is_said(administrator, calls, monkeypatch) -> None:
    monkeypatch.setattr(totals, "MOST_ROWS", 4)
    for address in (STREAMS, CALLS):
        found = listed(administrator, f"{address}?from=2000-01-01&totals=1")
        assert found.totals == totals.TOO_MANY and found.result_count


def test_what_takes_too_long_is_cut_off_and_that_is_said(administrator, calls, small_pages, monkeypatch) -> None:
    """A query that would take minutes."""
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT COUNT(*) FROM n"
    monkeypatch.setattr(counting, "BEHIND", counting.BEHIND.replace("SELECT COUNT(*) FROM asked", f"{numbers}, asked"))
    monkeypatch.setattr(totals, "STEPS", 100)
    monkeypatch.setattr(totals, "MOST_MS", 100)
    at_once = read(administrator, f"{STREAMS}?from=2000-01-01")
    assert f"{STREAMS}?from=2000-01-01&totals=1" in at_once.links
    began = time.monotonic()
    found = listed(administrator, f"{STREAMS}?from=2000-01-01&totals=1")
    assert found.totals == totals.TOO_SLOW and found.result_count == 2
    assert time.monotonic() - began < 30
    assert Stream.objects.count() == 10, "the connection goes on"


def test_a_database_that_is_away_is_no_slow_one(calls, monkeypatch) -> None:
    def away(*_: object):
        raise OperationalError("could not connect")

    monkeypatch.setattr(totals, "charges_behind", away)
    for asked in (totals.totals_words, lambda rows: totals.totals_at_once(rows, 50)):
        with pytest.raises(OperationalError, match="could not connect"):
            asked(Call.objects.all())


def test_a_list_with_totals_takes_few_queries_more_however_many_rows(administrator, calls, django_assert_max_num_queries) -> None:
    for number in range(20):
        good_call(make_gateway(), STARTED + timedelta(minutes=number))
    for address in (STREAMS, CALLS):
        with django_assert_max_num_queries(14 if connection.vendor == "sqlite" else 22):
            listed(administrator, f"{address}?from=2000-01-01&totals=1")


def test_at_the_desk_nothing_of_another_account_is_counted(db, monkeypatch) -> None:
    own_rows()
    other_rows()
    client = at_desk()
    for address, model in (("/desk/streams/", Stream), ("/desk/calls/", Call)):
        monkeypatch.setattr(type(listed(client, address).model_admin), "list_per_page", 1)
        own, charges = model.objects.filter(account__name=OWN).count(), Charge.objects.filter(account__name=OWN)
        for asked in ("", "&totals=1"):
            found = listed(client, f"{address}?from=2000-01-01{asked}")
            assert found.totals.startswith(f"{own} ") and f" {charges.count()} streams charged, " in found.totals
            assert listed(client, f"{address}?host={OTHER_HOST}{asked}").totals == ""


# Live streams ----------------------------------------------------------------------------------------------------------
def test_a_live_stream_says_what_it_has_cost_so_far_and_a_minute(administrator) -> None:
    gateway = make_gateway(rate="0.00300")
    call = live_call(gateway)
    stream = call.streams.order_by("pk")[0]
    priced(gateway.account, "9", valid_from=STARTED + timedelta(seconds=30))
    with time_machine.travel(stream.started_at + timedelta(seconds=181), tick=False):
        words = "0.012 USD so far, 0.003 a minute"
        listed = read(administrator, STREAMS)
        assert "0.012 USD so far" in listed.text and 'title="0.003 a minute"' in listed.html
        assert words in read(administrator, f"{STREAMS}{stream.uuid}/change/").text
        assert words in read(administrator, f"{CALLS}{call.uuid}/change/").text
    assert not Charge.objects.exists()


def test_many_live_streams_take_one_query_more(administrator, django_assert_max_num_queries) -> None:
    for number in range(12):
        live_call(make_gateway(f"pbx-{number}", f"Account {number}", rate=f"0.0{number + 10}"))
    with django_assert_max_num_queries(9):
        assert sum("so far" in cell for row in read(administrator, STREAMS).rows for cell in row) == 12


# Exports ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("section", "address"), [("cdr_streamdetail", STREAMS), ("cdr_calldetail", CALLS)])
def test_an_export_says_what_all_its_rows_come_to(administrator, calls, section, address) -> None:
    row = Export.objects.create(owner=User.objects.get(username="admin"), section=section, query="from=2000-01-01", format="csv")
    exports.run(exports.claim_next())
    row.refresh_from_db()
    assert row.state == "done" and row.totals.keys() == {"EUR", "USD"}
    assert row.totals["EUR"] == [2, 61, 120, 800]
    assert "2 streams charged, 61 s, rounded 120 s, 0.00800 EUR; 6 streams charged" in read(administrator, f"{address}exports/").text
    assert Decimal(row.totals["USD"][3]) / 100_000 == sum(Charge.objects.filter(currency="USD").values_list("amount", flat=True))
