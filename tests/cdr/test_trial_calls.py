"""Test calls as jobs: placed once, by one worker, within a time, with a secret that is gone afterwards."""

import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from cdr import trial_calls
from cdr.audit import Actor
from cdr.models import AuditEntry
from cdr.tasks import place_trial_calls
from cdr.trial_call_rows import TrialCall
from streams.models import Gateway
from tests.cdr.call_script import make_gateway
from tests.free_port import free_port

pytestmark = pytest.mark.django_db
SECRET = "correct horse battery"  # noqa: S105 - of a test


@pytest.fixture(autouse=True)
def known_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process here has to hear of the gateway."""
    monkeypatch.setattr(trial_calls, "KNOWN_AFTER", timedelta(0))


@pytest.fixture
def gateway() -> Gateway:
    return make_gateway()


@pytest.fixture
def person() -> User:
    return User.objects.create_user("maria")


@pytest.fixture
def silent() -> Iterator[str]:
    """Accepts, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"ws://127.0.0.1:{server.getsockname()[1]}"


def place(person: User, gateway: Gateway, address: str = "") -> TrialCall:
    address = address or f"ws://127.0.0.1:{free_port()}"
    return trial_calls.place(Actor(person.username, "192.0.2.7"), person.pk, gateway, address, SECRET)


def test_where_nobody_answers_the_page_hears_why_and_the_secret_is_gone(person, gateway) -> None:
    job = place(person, gateway)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM cdr_trialcall")
        (kept,) = cursor.fetchone()
    assert kept and SECRET not in kept
    place_trial_calls()
    job.refresh_from_db()
    assert job.finished_at and "Nothing answers at 127.0.0.1" in job.problem and (job.secret, job.report) == ("", "")
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.subject, entry.details["call"]) == ("place a test call", gateway.name, str(job.call_uuid))
    assert SECRET not in str(entry.details)


@pytest.mark.parametrize("dialect", ["asterisk", "audio_stream", "audio_fork", "twilio"])
def test_one_that_never_answers_is_cut_off_and_nothing_of_it_stays_open(person, gateway, silent, monkeypatch, dialect) -> None:
    monkeypatch.setattr(trial_calls, "LIMIT_SECONDS", 0.3)
    Gateway.objects.update(dialect=dialect)
    job = place(person, gateway, silent)
    place_trial_calls()
    job.refresh_from_db()
    assert job.problem == trial_calls.TOO_LONG and job.secret == ""


def test_it_is_not_placed_before_every_process_knows_the_gateway(person, gateway, monkeypatch) -> None:
    monkeypatch.setattr(trial_calls, "KNOWN_AFTER", timedelta(seconds=2.5))
    place(person, gateway)
    assert trial_calls.claim_next() is None
    TrialCall.objects.update(created_at=timezone.now() - timedelta(seconds=3))
    assert trial_calls.claim_next()


def test_a_bug_is_told_and_ends_the_job(person, gateway, monkeypatch) -> None:
    job = place(person, gateway)
    monkeypatch.setattr("streams.simulate.gateway.place_call", lambda plan: 1 / 0)
    place_trial_calls()
    job.refresh_from_db()
    assert (job.problem, job.secret) == (trial_calls.BROKE, "")


def test_one_whose_worker_has_gone_is_not_placed_twice(person, gateway) -> None:
    job = place(person, gateway)
    assert trial_calls.claim_next() and trial_calls.claim_next() is None
    TrialCall.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    place_trial_calls()
    job.refresh_from_db()
    assert job.problem == trial_calls.GONE and job.secret == ""


def test_a_gateway_may_be_deleted_meanwhile(person, gateway) -> None:
    job = place(person, gateway)
    gateway.delete()
    place_trial_calls()
    job.refresh_from_db()
    assert (job.problem, job.gateway, job.gateway_name) == (trial_calls.DELETED, None, "pbx-1")


def test_one_at_a_time_and_a_few_a_minute(person, gateway) -> None:
    place(person, gateway)
    with pytest.raises(trial_calls.TooManyCalls, match="not over yet"):
        place(person, gateway)
    for _ in range(trial_calls.MOST_A_MINUTE - 1):
        TrialCall.objects.update(finished_at=timezone.now())
        place(person, gateway)
    TrialCall.objects.update(finished_at=timezone.now())
    with pytest.raises(trial_calls.TooManyCalls, match="last minute"):
        place(person, gateway)


def test_an_account_has_one_at_once_and_all_have_few(gateway) -> None:
    gateways = [gateway, *(make_gateway(f"pbx-{number}", f"Account {number}") for number in range(5))]
    for number, one in enumerate((gateway, *gateways)):
        place(User.objects.create_user(f"person {number}"), one)
    taken = []
    while job := trial_calls.claim_next():
        taken.append(job.account_key)
    assert len(taken) == trial_calls.TRIAL_CALLS.places and len(set(taken)) == len(taken)


def test_since_when_a_worker_should_have_placed_one_and_the_end_of_old_ones(person, gateway) -> None:
    job = place(person, gateway)
    assert trial_calls.trial_call_due_since(timezone.now()) == job.created_at
    assert trial_calls.claim_next() and trial_calls.trial_call_due_since(timezone.now()) is None
    assert trial_calls.remove_old() == 0
    TrialCall.objects.update(created_at=timezone.now() - trial_calls.KEPT - timedelta(seconds=1))
    assert trial_calls.remove_old() == 1
