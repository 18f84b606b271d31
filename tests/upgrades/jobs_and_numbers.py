"""Rows that wait, are claimed, are lost or are done, in each of the five tables whose rows are jobs: all of them go on after an upgrade.
Calls are found by their numbers as those that come after it.

Owns what is written before and judged afterwards; tests/test_upgrade.py upgrades."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.utils import timezone

from cdr import exports, retention, url_tests
from cdr.models import Export, RetentionRun, UrlTest
from cdr.tasks import run_url_tests
from streams import control
from streams.delivery import claims, outbox
from streams.models import Account, Call, Callback, ControlRequest
from streams.pure.number_key import number_key

BEFORE = [("streams", "0010_words_by_function"), ("cdr", "0012_words_by_function")]
"""The time before the five tables had the same columns."""
OWNER = "a" * 32
LONG_AGO, A_MINUTE = timedelta(minutes=5), timedelta(minutes=1)


@dataclass(frozen=True)
class Planted:
    """The keys of the rows of that time."""

    at: datetime
    account: int
    callbacks: dict[str, int]
    exports: dict[str, int]
    url_tests: dict[str, int]
    numbers: dict[int, tuple[str, str]]


def plant(old: Any) -> Planted:
    now, person = timezone.now(), User.objects.create_user("nora").pk
    account = old("streams", "Account").objects.create(name="Acme")
    call = old("streams", "Call").objects.create(account=account, started_at=now, owner=OWNER)
    ask_control(old, call, now)
    old("cdr", "RetentionRun").objects.create(started_at=now, counts={"Acme": {"numbers": 7}}, beat_at=now - LONG_AGO)
    return Planted(
        now,
        account.pk,
        {name: owe(old, call, now, **columns) for name, columns in old_callbacks(now).items()},
        {name: ask_export(old, person, **columns) for name, columns in old_exports(now).items()},
        {name: ask_test(old, person, account, **columns) for name, columns in old_url_tests(now).items()},
        old_numbers(old, account, now),
    )


def go_on(planted: Planted) -> None:
    assert Account.objects.get(pk=planted.account).concurrent_streams_limit == 500  # which was 100, for the API alone
    numbers_are_found(planted.numbers)
    control_requests_go_on(planted.account)
    callbacks_go_on(planted.callbacks, planted.account)
    exports_go_on(planted.exports, planted.at)
    url_tests_go_on(planted.url_tests, planted.at)
    the_round_of_retention_goes_on()


# Calls ---------------------------------------------------------------------------------------------------------------------
def old_numbers(old: Any, account: Any, now: datetime) -> dict[int, tuple[str, str]]:
    pairs = [
        ("0044 20 7946 0123", "Desk"),
        ("", "14155550123"),
        ("sip:1001@pbx", ""),
        ("", ""),
        ("+•••••••••23", "1001"),
        ("ACMEBANK", "1001"),
    ]
    make = old("streams", "Call").objects.create
    return {make(account=account, started_at=now, from_number=pair[0], to_number=pair[1]).pk: pair for pair in pairs}


def numbers_are_found(numbers: dict[int, tuple[str, str]]) -> None:
    columns = ("from_key", "from_reversed", "to_key", "to_reversed")
    found = {pk: keys for pk, *keys in Call.objects.filter(pk__in=numbers).values_list("pk", *columns)}
    assert found == {pk: [*number_key(caller, ""), *number_key(called, "")] for pk, (caller, called) in numbers.items()}
    assert ["+442079460123", "321064970244", "desk", ""] in found.values()


# Control requests ----------------------------------------------------------------------------------------------------------
def ask_control(old: Any, call: Any, now: datetime) -> None:
    make = old("streams", "ControlRequest").objects.create
    make(call=call, kind="send_dtmf", details={"digits": "1"}, requested_by="API", taken_at=now)
    make(call=call, kind="send_dtmf", details={"digits": "2"}, requested_by="API")
    make(call=call, kind="hang_up", requested_by="maria")


def control_requests_go_on(account: int) -> None:
    waiting = control.claim_waiting(OWNER)
    assert [(asked.kind, asked.by, asked.details) for asked in waiting] == [("send_dtmf", "API", {"digits": "2"}), ("hang_up", "maria", {})]
    assert control.finish(waiting)
    requests = ControlRequest.objects.filter(call__account=account)
    assert list(requests.values_list("tries", flat=True)) == [1, 1, 1]
    assert not requests.filter(finished_at=None).exists()


# Callbacks -----------------------------------------------------------------------------------------------------------------
def old_callbacks(now: datetime) -> dict[str, dict[str, Any]]:
    return {
        "waiting": {"due_at": now},
        "lost": {"due_at": now, "tries": 1, "claim": "a dead worker", "claimed_until": now - A_MINUTE},
        "under way": {"due_at": now, "claim": "a worker", "claimed_until": now + LONG_AGO},
        "done": {"state": "delivered", "tries": 1, "finished_at": now},
    }


def owe(old: Any, call: Any, now: datetime, **columns: Any) -> int:
    """On a stream of its own."""
    facts = {"account": call.account, "requested_at": now, "call_started_at": now, "service_url": "wss://bot.example/"}
    stream = old("streams", "Stream").objects.create(call=call, **facts)
    values = {"stream": stream, "account": call.account, "number": 1, "event": "StartStream"}
    more = {"url": "http://a.example/", "host": "a.example", "message_id": f"msg_{uuid4().hex}", "parameters": [], "created_at": now}
    return int(old("streams", "Callback").objects.create(**values, **more, **columns).pk)


def callbacks_go_on(ids: dict[str, int], account: int) -> None:
    deliverable = {row.pk for row in outbox.deliverable(timezone.now()) if row.account_id == account}
    assert deliverable == {ids["waiting"], ids["lost"]}
    claimed = claims.claim(list(ids.values()), timezone.now())
    assert [[row.pk for row in those] for those in claimed] == [[ids["waiting"]], [ids["lost"]]]
    rows = {name: Callback.objects.get(pk=pk) for name, pk in ids.items()}
    assert [(row.tries, row.attempts.count()) for row in rows.values()] == [(0, 0), (2, 1), (0, 0), (1, 0)]
    assert rows["under way"].claimed_by == "a worker"


# Exports -------------------------------------------------------------------------------------------------------------------
def old_exports(now: datetime) -> dict[str, dict[str, Any]]:
    return {
        "lost": {"state": "running", "tries": 3, "beat_at": now - LONG_AGO},
        "under way": {"state": "running", "tries": 1, "beat_at": now},
        "waiting": {},
        "done": {"state": "done", "tries": 1, "beat_at": now, "finished_at": now},
    }


def ask_export(old: Any, person: int, **columns: Any) -> int:
    return int(old("cdr", "Export").objects.create(owner_id=person, section="cdr_calldetail", format="csv", **columns).pk)


def exports_go_on(ids: dict[str, int], now: datetime) -> None:
    first = exports.claim_next()
    assert first and (first.pk, first.tries) == (ids["lost"], exports.MOST_TRIES)
    exports.run(first)
    first.refresh_from_db()
    assert first.state == "failed" and "its worker or the database went away each time" in first.problem
    second = exports.claim_next()
    assert second and (second.pk, second.tries) == (ids["waiting"], 0)
    under_way, done = (Export.objects.get(pk=ids[name]) for name in ("under way", "done"))
    assert (under_way.claimed_until, under_way.tries) == (now + exports.CLAIMED_FOR, 0)
    assert (done.claimed_until, done.finished_at, done.tries) == (None, now, 1)


# Tests of service URLs -----------------------------------------------------------------------------------------------------
def old_url_tests(now: datetime) -> dict[str, dict[str, Any]]:
    return {
        "lost": {"state": "running", "began_at": now - LONG_AGO},
        "under way": {"state": "running", "began_at": now + LONG_AGO},
        "waiting": {},
        "done": {"state": "done", "began_at": now, "finished_at": now, "report": {"failure": ""}},
    }


def ask_test(old: Any, person: int, account: Any, **columns: Any) -> int:
    facts = {"url": "ws://127.0.0.1:1029/", "content_type": "audio/x-mulaw;rate=8000", "call_id": uuid4(), "stream_id": uuid4()}
    return int(old("cdr", "UrlTest").objects.create(owner_id=person, account=account, **facts, **columns).pk)


def url_tests_go_on(ids: dict[str, int], now: datetime) -> None:
    run_url_tests()
    rows = {name: UrlTest.objects.get(pk=pk) for name, pk in ids.items()}
    assert (rows["lost"].state, (rows["lost"].report or {})["failure"]) == ("done", url_tests.GONE)
    assert rows["waiting"].state == "done" and (rows["waiting"].report or {})["failure"] not in ("", url_tests.GONE)
    assert (rows["under way"].state, rows["under way"].claimed_until) == ("running", now + LONG_AGO + url_tests.CLAIMED_FOR)
    assert (rows["done"].claimed_until, rows["done"].finished_at, rows["done"].tries) == (None, now, 1)


# Retention -----------------------------------------------------------------------------------------------------------------
def the_round_of_retention_goes_on() -> None:
    """Its worker had gone."""
    retention.apply()
    run = RetentionRun.objects.get()
    assert run.finished_at and run.counts == {"Acme": {"numbers": 7}} and run.tries == 2
