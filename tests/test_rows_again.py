"""Rows that are written again are those that were made, and rows can be added to them."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import transaction

from cdr.alert_rows import AlertRule
from streams.models import Account, Call, StreamEvent
from tests.cdr import factories
from tests.cdr.call_script import make_gateway
from tests.rows_again import all_rows, made_once
from tests.upgrading import beginnings


def undone(*deeds: Any) -> Any:
    """What the database holds after them; nothing stays."""
    with transaction.atomic():
        for deed in deeds:
            deed()
        found = all_rows()
        transaction.set_rollback(True)
    return found


@pytest.mark.django_db
def test_they_are_as_they_were_and_made_once() -> None:
    made: list[Call] = []
    make = made_once(lambda: made.append(factories.good_call(make_gateway())))
    first = undone(make)
    assert first[StreamEvent] and not Call.objects.exists()
    assert undone(make) == first and len(made) == 1


@pytest.mark.django_db
def test_others_come_after_them() -> None:
    make = made_once(lambda: factories.good_call(make_gateway()))
    undone(make)
    make()
    assert factories.good_call(make_gateway()).pk > Call.objects.earliest("pk").pk
    assert Call.objects.count() == 2 and Account.objects.count() == 1


@pytest.mark.django_db
def test_what_is_written_beside_others_finds_its_keys_free_however_many_they_are() -> None:
    make = made_once(lambda: factories.good_call(make_gateway()), keys_after=1_000_000)
    undone(make)
    factories.good_call(make_gateway("other", "Other"))
    make()
    assert Call.objects.count() == 2 and Call.objects.latest("pk").pk == 1_000_001


@pytest.mark.django_db(transaction=True)
def test_no_table_comes_too_early_where_each_statement_is_a_transaction() -> None:
    make = made_once(lambda: factories.closed_call(make_gateway()))
    undone(make)
    make()
    assert Call.objects.get().streams.get().events.exists()


@pytest.mark.django_db(transaction=True)
def test_what_a_test_with_transactions_of_its_own_made_of_the_beginning_is_put_back() -> None:
    begun_with = beginnings()
    Group.objects.earliest("pk").permissions.clear()
    AlertRule.objects.latest("pk").delete()
    AlertRule.objects.filter(pk=AlertRule.objects.earliest("pk").pk).update(name="Other")
    make_gateway()
    call_command("flush", verbosity=0, interactive=False)  # as after such a test
    assert beginnings() == begun_with and not Account.objects.exists()
    assert Group.objects.create(name="One more").pk > Group.objects.exclude(name="One more").latest("pk").pk


@pytest.mark.django_db
def test_a_row_that_was_there_and_is_changed_cannot_be_written_again() -> None:
    account = make_gateway().account
    make = made_once(lambda: Account.objects.filter(pk=account.pk).update(name="Globex"))
    with pytest.raises(AssertionError, match="rows of Account are no longer as they were"):
        make()
