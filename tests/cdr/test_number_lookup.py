"""Calls by the keys of their numbers: which are found, and that an index says so."""

import re

import pytest
from django.db import connection

from cdr.number_lookup import few_having, having_number
from cdr.pure.lookup import NumbersSought, numbers_sought
from streams.models import Account, Call
from tests.cdr.call_script import STARTED, CallScript, make_gateway

pytestmark = pytest.mark.django_db
NUMBERS = ("+14155550123", "0044 20 7946 0123", "sip:1001@pbx.example.com", "Anonymous", "")


@pytest.fixture
def calls() -> None:
    account = Account.objects.create(name="Acme")
    for number in NUMBERS:
        Call.objects.create(account=account, started_at=STARTED, from_number=number)


def found(sought: NumbersSought) -> list[str]:
    return list(Call.objects.filter(having_number("from", sought)).order_by("pk").values_list("from_number", flat=True))


def test_what_keys_begin_with_whole_ones_and_what_numbers_end_with(calls) -> None:
    assert found(NumbersSought(begins=("+1415", "anon"))) == ["+14155550123", "Anonymous"]
    assert found(NumbersSought(whole=("+442079460123", "1001"))) == ["0044 20 7946 0123"]
    assert found(NumbersSought(ends=("3210",))) == ["+14155550123", "0044 20 7946 0123"]
    assert found(NumbersSought(begins=("1001@",), whole=("anonymous",))) == ["sip:1001@pbx.example.com", "Anonymous"]


def test_nothing_sought_is_nothing_found(calls) -> None:
    assert found(NumbersSought()) == [] and not Call.objects.filter(having_number("to", NumbersSought())).exists()


@pytest.mark.parametrize("text", ["+1 415 555 0123", "0123", "020 7946 0123", "415", "anonymous", "1001@pbx"])
def test_it_is_read_from_indexes(calls, text) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    calls_found = Call.objects.filter(having_number("from", numbers_sought(text, ["", "GB", "US"]))).order_by()
    plan = calls_found.explain()
    assert "call_from_key" in plan or "call_from_reversed" in plan
    assert "SCAN" not in plan and "Seq Scan" not in plan
    assert calls_found.exists()


def test_of_one_account_s_calls_the_index_reads_none_of_others(calls) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    own = Call.objects.filter(account=Account.objects.get()).order_by()
    plan = own.filter(having_number("from", NumbersSought(whole=("+14155550123",)))).explain()
    assert "call_from_key_account" in plan and re.search(r"from_key.*(=|ANY).* AND .*account_id", plan), plan


def test_few_are_told_by_their_keys_each_once_and_many_are_not(calls, monkeypatch) -> None:
    other = Account.objects.create(name="Other")
    Call.objects.create(account=other, started_at=STARTED, from_number=NUMBERS[0], to_number=NUMBERS[0])
    keys = {call.from_number: call.pk for call in Call.objects.exclude(account=other)}
    own, anyone = Call.objects.exclude(account=other), Call.objects.all()
    sought = NumbersSought(("+1415", "0044", "anon"), (), ("3210",))
    monkeypatch.setattr("cdr.number_lookup.MOST_CALLS", 3)
    assert sorted(few_having(own, sought) or ()) == sorted(keys[number] for number in ("+14155550123", "0044 20 7946 0123", "Anonymous"))
    assert few_having(anyone, sought) is None
    assert few_having(own, NumbersSought()) == [] and few_having(own, NumbersSought(begins=("+1415",)), ("to",)) == []


# How keys come into the rows ----------------------------------------------------------------------------------------------
def test_the_journal_writes_them_by_the_country_of_the_account() -> None:
    gateway = make_gateway()
    Account.objects.update(country="GB")
    call = CallScript(gateway, STARTED, caller="020 7946 0123", called="Desk").answered().save()
    assert (call.from_key, call.from_reversed, call.to_key, call.to_reversed) == ("+442079460123", "321064970244", "desk", "")


def test_a_number_that_is_corrected_takes_its_key_along_and_nothing_else_touches_it(calls) -> None:
    call = Call.objects.get(from_number="Anonymous")
    call.from_number = "+14155550199"
    call.save(update_fields=["direction"])
    assert Call.objects.get(pk=call.pk).from_key == "anonymous"
    call.save(update_fields=["from_number"])
    assert Call.objects.get(pk=call.pk).from_key == "+14155550199"
