"""A database of any version comes to the present and loses nothing, and is in the end what one that is made at once is.

One walk from nothing through every migration, because each step costs: it stops where rows of a time are written (tests/upgrades/)."""

from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from streams import sealed
from tests.upgrades import jobs_and_numbers, rates, secrets_in_clear
from tests.upgrading import beginnings, go_to, left_for_others, remove_all_tables, shape, tables_with_rows, upgrade

pytestmark = pytest.mark.django_db(transaction=True)
MADE_ALL_TABLES = (("streams", "0001_squashed_0027_process_reports"), ("cdr", "0001_squashed_0018_see_secrets"))
"""What installations of that time have in their records, and nobody has any more."""
BEGIN_WITH_ROWS = {"contenttypes.ContentType", "auth.Permission", "auth.Group", "auth.Group_permissions", "cdr.AlertRule"}
"""What `beginnings` compares."""


def test_every_upgrade_comes_to_what_is_made_at_once_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is made at once is the database that tests have: `manage.py migrate` made it."""
    with left_for_others():
        assert tables_with_rows() == BEGIN_WITH_ROWS
        fresh, begun_with = shape(), beginnings()
        remove_all_tables()
        jobs = jobs_and_numbers.plant(go_to(jobs_and_numbers.BEFORE))
        monkeypatch.setattr(import_module("streams.migrations.0015_fill_number_keys"), "CALLS_AT_ONCE", 2)
        secrets_in_clear.plant(go_to(secrets_in_clear.BEFORE))
        old = over_the_sealing(monkeypatch)
        priced = rates.plant(old)
        for key in MADE_ALL_TABLES:
            MigrationRecorder(connection).record_applied(*key)
        upgrade()
        assert shape() == fresh
        assert beginnings() == begun_with
        secrets_in_clear.are_sealed_and_go_on()
        rates.each_account_keeps_its_price_and_each_charge_its_amount(priced)
        jobs_and_numbers.go_on(jobs)


def over_the_sealing(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Cut in the middle, once, when half of it is done: it goes on where it was."""
    step = import_module("streams.migrations.0023_seal_secrets")
    monkeypatch.setattr(step, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(step, "register_key", sealed.register_key_really)  # type: ignore[attr-defined]  # tests/conftest.py
    sealed.forget_looked_at()

    def fails(connection: Any) -> None:
        raise InterruptedError

    with monkeypatch.context() as cut, pytest.raises(InterruptedError):
        cut.setattr(step, "seal_requests", fails)
        go_to(rates.BEFORE)
    return go_to(rates.BEFORE)
