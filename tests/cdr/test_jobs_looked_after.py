"""Each second a worker looks after all kinds of jobs at once, and has those tasks run that have something to do."""

import json
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from redis import Redis

from cdr import invitations, trial_calls, url_tests
from cdr.audit import Actor
from cdr.closing_rows import StatementClosing
from cdr.list_act_rows import ListAct
from cdr.models import Export
from cdr.tasks import look_for_jobs
from streams.delivery import broker
from tests.cdr.call_script import make_gateway
from tests.streams.redis_server import RedisServer, hang_up_on_the_broker

pytestmark = pytest.mark.django_db

MARIA = Actor("maria", None)


@pytest.fixture(autouse=True)
def real_broker(redis: RedisServer, monkeypatch: pytest.MonkeyPatch):
    hang_up_on_the_broker()
    monkeypatch.setattr(broker, "_broker", broker.new_broker())
    yield
    hang_up_on_the_broker()


def asked_for() -> list[str]:
    """The tasks in Celery's queue, which is empty afterwards."""
    with Redis(unix_socket_path=str(settings.EMBEDDED_REDIS_SOCKET)) as client:
        names = [json.loads(message)["headers"]["task"] for message in client.lrange("celery", 0, -1)]
        client.delete("celery")
        return sorted(names)


def test_nothing_is_asked_for_while_nobody_has_anything_to_do() -> None:
    look_for_jobs()
    assert asked_for() == []


def test_whoever_has_something_to_do_is_asked_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_calls, "KNOWN_AFTER", timedelta(0))
    gateway, maria = make_gateway(), User.objects.create_superuser("maria")
    makers = {
        "cdr.tasks.run_exports": lambda: Export.objects.create(owner=maria, section="calls", format="csv"),
        "cdr.tasks.run_list_acts": lambda: ListAct.objects.create(owner=maria, kind="stop", created_at=timezone.now(), rows_total=1),
        "cdr.tasks.run_url_tests": lambda: url_tests.ask(
            MARIA, maria.pk, gateway.account, url="wss://bot.example.com/", content_type="audio/x-mulaw;rate=8000"
        ),
        "cdr.tasks.place_trial_calls": lambda: trial_calls.place(MARIA, maria.pk, gateway, "ws://127.0.0.1:9", "secret"),
        "cdr.tasks.mail_invitations": lambda: invitations.invite(
            gateway.account, "a@example.com", "viewer", owner=maria, origin="https://desk.example.com", actor=MARIA
        ),
        "cdr.tasks.close_statements": lambda: StatementClosing.objects.create(
            account=gateway.account, currency="USD", month=date(2024, 10, 1), owner=maria, created_at=timezone.now(), streams=1
        ),
    }
    for number, (name, make) in enumerate(makers.items(), start=1):
        make()
        look_for_jobs()
        assert asked_for() == sorted([*makers][:number]), name


def test_what_a_worker_holds_or_its_owner_has_enough_of_is_not_asked_for() -> None:
    maria, soon = User.objects.create_user("maria"), timezone.now() + timedelta(minutes=1)
    for _ in range(4):
        Export.objects.create(owner=maria, section="calls", format="csv", state="running", claimed_by="one", claimed_until=soon)
    Export.objects.create(owner=maria, section="calls", format="csv")
    look_for_jobs()
    assert asked_for() == []


def test_the_schedule_looks_each_second_and_begins_none_of_these_by_itself() -> None:
    scheduled = {entry["task"]: entry["schedule"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled["cdr.tasks.look_for_jobs"] == timedelta(seconds=1)
    assert not {"cdr.tasks.run_exports", "cdr.tasks.run_list_acts", "cdr.tasks.run_url_tests"} & set(scheduled)
