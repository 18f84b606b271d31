"""Processes whose clocks differ: what rows decide goes by the database's clock. On SQLite that is everybody's."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone
from pytest_httpserver import HTTPServer

from cdr.admin import acts
from cdr.api.auth import token_of
from cdr.audit import Actor
from streams import control, journal
from streams.control import pending_streams
from streams.database_clock import database_now
from streams.gateways.directory import load_all
from streams.models import Call, Callback, CallbackState
from streams.pure.lifecycle import EventKind
from streams.pure.messages import StreamRequest
from tests.on_postgresql import only_on_postgresql
from tests.streams.delivering import deliver, due_streams
from tests.streams.rows import Story, call_facts, gateway

pytestmark = [
    pytest.mark.django_db,
    only_on_postgresql("has no clock of its own"),
]
OWNER = "a" * 32
AHEAD, BEHIND = timedelta(minutes=10), timedelta(minutes=-10)


def elsewhere(difference: timedelta) -> time_machine.travel:
    """On a machine whose clock is so far off."""
    return time_machine.travel(timezone.now() + difference)


def begin(url: str) -> None:
    """A call whose stream has begun now, by this machine's clock."""
    story, stream_id, request = Story(), uuid4(), StreamRequest("wss://bot.example/", status_callback_url=url)
    story.add(EventKind.CALL_STARTED, gateway="pbx")
    story.streaming(stream_id, request)
    now = timezone.now().timestamp()
    notes = [type(note)(note.number, note.kind, now, note.level, note.stream_id, note.details) for note in story.notes]
    journal.record(OWNER, 20.0, call_facts(gateway(), started_at=now), notes)


@pytest.mark.parametrize("web", [AHEAD, BEHIND, timedelta(days=2)])
@pytest.mark.parametrize("worker", [BEHIND, AHEAD, timedelta(days=-2)])
def test_callbacks_are_delivered_at_once(web: timedelta, worker: timedelta, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("")
    with elsewhere(web):
        begin(httpserver.url_for("/"))
    with elsewhere(worker):
        (stream_id,) = due_streams(10)
        deliver(stream_id)
    assert Callback.objects.get().state == CallbackState.DELIVERED


def test_a_next_try_is_as_far_away_for_every_worker(settings, httpserver: HTTPServer) -> None:
    settings.CALLBACK_RETRY_SECONDS = (300, 300)
    httpserver.expect_request("/").respond_with_data("", status=503)
    begin(httpserver.url_for("/"))
    with elsewhere(AHEAD):
        deliver(due_streams(10)[0])
        assert due_streams(10) == []
    due_at = Callback.objects.get().due_at
    assert timedelta(minutes=3) < due_at - timezone.now() < timedelta(minutes=7)


def test_a_start_waits_for_its_process_whatever_the_clock_of_who_asked(settings) -> None:
    begin("https://hooks.example/")
    with elsewhere(BEHIND):
        control.request_start(Call.objects.get(), StreamRequest("wss://bot.example/"), "API")
    with elsewhere(AHEAD):
        assert pending_streams.settle_overdue() == []
        assert len(control.claim_waiting(OWNER)) == 1
    with elsewhere(timedelta(hours=2)):
        assert control.claim_waiting(OWNER) == []  # the claim is not over


@pytest.mark.parametrize("worker", [AHEAD, BEHIND])
def test_a_worker_ends_no_call_that_is_held(worker: timedelta) -> None:
    begin("")
    with elsewhere(worker):
        assert list(journal.reap_expired(10)) == []


@pytest.mark.parametrize("console", [AHEAD, BEHIND])
@pytest.mark.parametrize("web", [BEHIND, AHEAD])
def test_a_revoked_token_ends_in_the_same_moment_on_every_machine(console: timedelta, web: timedelta) -> None:
    owner = gateway().account
    with elsewhere(console):
        now, later = (acts.make_token(owner, name, Actor("maria", None)) for name in ("now", "later"))
        acts.revoke_token(now, timedelta(0), Actor("maria", None))
        acts.revoke_token(later, timedelta(minutes=5), Actor("maria", None))
        secrets = [str(token.secret) for token in (now, later)]
    with elsewhere(web):
        assert [token_of(owner.auth_id, secret) is not None for secret in secrets] == [False, True]
        entries, read_at = load_all()
        known = {token.secret for entry in entries.values() for token in entry.tokens}
        assert secrets[1] in known and secrets[0] not in known and abs((read_at - database_now()).total_seconds()) < 60
