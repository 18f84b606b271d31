"""Acts on all that match a list: each row once, whatever happens to the worker meanwhile."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import OperationalError
from django.utils import timezone

from cdr import audit, list_acts
from cdr.audit import Actor
from cdr.list_act_rows import ListAct, ListActKind, ListActPart
from cdr.list_acts import Confirmed, NothingLeft, TooManyRows
from cdr.models import AuditEntry
from cdr.tasks import run_list_acts
from streams import control
from streams.models import Callback, CallbackState, CallbackTrouble, ControlRequest, Stream
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import good_call, live_call, refused_call

pytestmark = pytest.mark.django_db
MARIA = Actor("maria", "192.0.2.7")


@pytest.fixture
def maria() -> User:
    user = User.objects.create_user("maria", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=("stop_stream", "resend_callback")))
    return user


@pytest.fixture
def live() -> list[Stream]:
    """Seven that are live, of one call."""
    call = live_call(make_gateway(), timezone.now())
    more = {"account": call.account, "call_started_at": call.started_at, "requested_at": timezone.now(), "service_host": "bot.example.com"}
    Stream.objects.bulk_create(Stream(call=call, **more) for _ in range(5))
    good_call(make_gateway(), timezone.now())
    return list(Stream.objects.filter(call=call).order_by("pk"))


def given_up(count: int) -> list[Callback]:
    """As one that was really given up, so many times."""
    refused_call(make_gateway(), timezone.now())
    one = Callback.objects.get(state=CallbackState.GIVEN_UP)
    columns = {field.name: getattr(one, field.name) for field in Callback._meta.fields if field.name not in ("id", "number", "message_id")}
    Callback.objects.bulk_create(Callback(**columns, number=number, message_id=f"m{number}") for number in range(100, 99 + count))
    return list(Callback.objects.filter(state=CallbackState.GIVEN_UP).order_by("pk"))


def asked(maria: User, kind: ListActKind, rows: Any, question: str = "q", told: int | None = None) -> ListAct:
    planned = list_acts.plan(kind, rows)
    confirmed = Confirmed(kind, "section", "state=x", planned.newest_key, planned.rows if told is None else told, question)
    return list_acts.begin_confirmed(MARIA, maria.pk, confirmed, rows)


def fresh(job: ListAct) -> ListAct:
    return ListAct.objects.get(pk=job.pk)


def in_parts_of(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(list_acts, "PART_ROWS", rows)


def test_a_plan_says_what_is_meant_and_what_is_not(live) -> None:
    planned = list_acts.plan(ListActKind.STOP, Stream.objects.all())
    assert (planned.rows, planned.accounts, planned.left_out) == (7, 1, {"ended": 1})
    assert planned.oldest == min(stream.requested_at for stream in live) and planned.newest_key == live[-1].pk
    given_up(3)
    planned = list_acts.plan(ListActKind.RESEND, Callback.objects.all())
    assert planned.rows == 3 and planned.left_out["delivered"] == Callback.objects.filter(state="delivered").count() > 0


def test_streams_are_stopped_each_once_with_an_entry_for_each_and_one_for_all(maria, live, monkeypatch) -> None:
    in_parts_of(monkeypatch, 3)
    job = asked(maria, ListActKind.STOP, Stream.objects.all())
    assert not ControlRequest.objects.exists() and job.parts.count() == 3
    run_list_acts()
    assert {row.stream_id for row in ControlRequest.objects.all()} == {stream.pk for stream in live}
    assert ControlRequest.objects.count() == 7 and set(ControlRequest.objects.values_list("requested_by", flat=True)) == {"maria"}
    job = fresh(job)
    assert (job.state, job.rows_done, job.rows_late, job.parts.count()) == ("done", 7, 0, 0)
    entries = AuditEntry.objects.order_by("pk")
    assert [(entry.act, entry.by, entry.address) for entry in entries] == [
        ("stop all that match", "maria", "192.0.2.7"),
        *[("stop a stream", "maria", "192.0.2.7")] * 7,
    ]
    assert {entry.subject for entry in entries[1:]} == {str(stream) for stream in live}
    run_list_acts()
    assert ControlRequest.objects.count() == 7


def test_callbacks_are_sent_again_with_their_message_ids_and_what_was_delivered_meanwhile_is_left(maria) -> None:
    callbacks = given_up(4)
    job = asked(maria, ListActKind.RESEND, Callback.objects.all())
    Callback.objects.filter(pk=callbacks[0].pk).update(state=CallbackState.DELIVERED)
    run_list_acts()
    rows = Callback.objects.filter(pk__in=[callback.pk for callback in callbacks]).order_by("pk")
    assert [row.state for row in rows] == ["delivered", "pending", "pending", "pending"]
    assert all(row.due_at and row.finished_at is None for row in rows[1:])
    assert [row.message_id for row in rows] == [callback.message_id for callback in callbacks]
    assert (fresh(job).rows_done, fresh(job).rows_late) == (3, 1)
    assert Stream.objects.get(pk=callbacks[0].stream_id).callback_trouble == CallbackTrouble.TRY_FAILED
    entry = AuditEntry.objects.filter(act="resend a callback").latest("pk")
    assert (entry.details["state_before"], entry.details["act_on_list"]) == ("given up", job.pk)


def test_delivered_ones_are_sent_again_where_they_are_meant(maria) -> None:
    good_call(make_gateway(), timezone.now())
    given_up(2)
    delivered = Callback.objects.filter(state="delivered").count()
    asked(maria, ListActKind.RESEND_DELIVERED, Callback.objects.all())
    run_list_acts()
    assert Callback.objects.filter(state="pending").count() == delivered and Callback.objects.filter(state="given_up").count() == 2


def test_what_retention_took_a_part_of_is_left_out(maria) -> None:
    given_up(2)[0].stream.call.__class__.objects.update(numbers_removed_at=timezone.now())
    assert list_acts.plan(ListActKind.RESEND, Callback.objects.all())[0:1] == (0,)
    with pytest.raises(NothingLeft):
        asked(maria, ListActKind.RESEND, Callback.objects.all())


def test_a_worker_that_dies_in_a_part_leaves_it_whole_to_the_next(maria, live, monkeypatch) -> None:
    in_parts_of(monkeypatch, 3)
    job = asked(maria, ListActKind.STOP, Stream.objects.all())
    done, write_each = [0], audit.write_each

    def dies_in_the_second(*given: Any) -> None:
        done[0] += 1
        write_each(*given)
        if done[0] == 2:
            raise OperationalError("the server closed the connection")

    monkeypatch.setattr(audit, "write_each", dies_in_the_second)
    run_list_acts()
    job = fresh(job)
    assert (job.state, job.rows_done, ControlRequest.objects.count(), job.parts.count()) == ("running", 3, 3, 2)
    run_list_acts()
    assert ControlRequest.objects.count() == 3, "it is in the hands of the one that died"
    ListAct.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    run_list_acts()
    assert (fresh(job).state, fresh(job).rows_done) == ("done", 7)
    assert sorted(ControlRequest.objects.values_list("stream_id", flat=True)) == sorted(stream.pk for stream in live)


def test_a_worker_that_lost_the_job_does_no_more_of_it(maria, live, monkeypatch) -> None:
    in_parts_of(monkeypatch, 3)
    asked(maria, ListActKind.STOP, Stream.objects.all())
    mine = list_acts.claim_next()
    assert mine
    ListAct.objects.update(claimed_by="another worker")
    list_acts.work_on(mine)
    assert not ControlRequest.objects.exists() and fresh(mine).state == "running"


def test_one_whose_workers_always_go_is_left_alone(maria, live) -> None:
    job = asked(maria, ListActKind.STOP, Stream.objects.all())
    ListAct.objects.update(tries=list_acts.MOST_TRIES)
    run_list_acts()
    assert (fresh(job).state, fresh(job).problem) == ("failed", list_acts.LEFT_ALONE) and not ControlRequest.objects.exists()


def test_a_row_that_breaks_it_is_told_and_no_worker_breaks_on_it_again(maria, live, monkeypatch) -> None:
    job = asked(maria, ListActKind.STOP, Stream.objects.all())
    monkeypatch.setattr(control, "request_stops", lambda *_, **__: 1 / 0)
    run_list_acts()
    assert (fresh(job).state, fresh(job).problem, fresh(job).parts.count()) == ("failed", list_acts.BROKE, 0)


def test_a_slice_gives_the_others_a_turn(maria, live, monkeypatch) -> None:
    in_parts_of(monkeypatch, 3)
    monkeypatch.setattr(list_acts, "SLICE_SECONDS", -1.0)
    job = asked(maria, ListActKind.STOP, Stream.objects.all())
    for done in (3, 6, 7):
        run_list_acts()
        assert (fresh(job).rows_done, fresh(job).claimed_by, fresh(job).tries) == (done, "", 0)
    run_list_acts()
    assert fresh(job).state == "done"


def test_stopped_halfway_the_rest_is_left(maria, live, monkeypatch) -> None:
    in_parts_of(monkeypatch, 3)
    monkeypatch.setattr(list_acts, "SLICE_SECONDS", -1.0)
    job = asked(maria, ListActKind.STOP, Stream.objects.all())
    run_list_acts()
    assert list_acts.halt(job, Actor("leo", None)) and not list_acts.halt(job, Actor("mia", None))
    run_list_acts()
    job = fresh(job)
    assert (job.state, job.halted_by, job.rows_done, job.parts.count()) == ("stopped", "leo", 3, 0)
    assert AuditEntry.objects.filter(act="halt an act on all", by="leo").count() == 1 and ControlRequest.objects.count() == 3


@pytest.mark.parametrize("lost", ["permission", "account", "user"])
def test_who_may_not_any_more_does_nothing_more(maria, live, lost) -> None:
    job = asked(maria, ListActKind.STOP, Stream.objects.all())
    if lost == "permission":
        maria.user_permissions.clear()
    elif lost == "account":
        User.objects.update(is_active=False)
    else:
        maria.delete()
    run_list_acts()
    assert (fresh(job).state, fresh(job).problem) == ("failed", list_acts.GONE_OR_REFUSED) and not ControlRequest.objects.exists()


def test_a_question_is_answered_once(maria, live) -> None:
    first = asked(maria, ListActKind.STOP, Stream.objects.all())
    assert asked(maria, ListActKind.STOP, Stream.objects.all()).pk == first.pk
    run_list_acts()
    assert asked(maria, ListActKind.STOP, Stream.objects.all()).pk == first.pk
    assert ListAct.objects.count() == 1 and AuditEntry.objects.filter(act="stop all that match").count() == 1


def test_what_was_not_told_is_not_meant(maria, live) -> None:
    planned = list_acts.plan(ListActKind.STOP, Stream.objects.all())
    confirmed = Confirmed(ListActKind.STOP, "section", "q=1", planned.newest_key, planned.rows, "q")
    live_call(make_gateway(), timezone.now())
    job = list_acts.begin_confirmed(MARIA, maria.pk, confirmed, Stream.objects.all())
    assert job.rows_total == 7, "what came later is not meant"
    with pytest.raises(TooManyRows):
        asked(maria, ListActKind.STOP, Stream.objects.all(), "another", told=3)


def test_one_person_has_one_under_way(maria, live) -> None:
    for question in ("a", "b"):
        asked(maria, ListActKind.STOP, Stream.objects.all(), question)
    assert list_acts.claim_next() and list_acts.claim_next() is None


def test_thousands_cost_few_statements_and_little_memory(maria, live, monkeypatch, django_assert_max_num_queries) -> None:
    first = live[0]
    more = {"account": first.account, "call_started_at": first.call_started_at, "requested_at": first.requested_at}
    Stream.objects.bulk_create(Stream(call=first.call, **more) for _ in range(2000))
    job = asked(maria, ListActKind.STOP, Stream.objects.all())
    assert (job.rows_total, job.parts.count()) == (2007, 11) and max(len(part.keys) for part in ListActPart.objects.all()) == 200
    with django_assert_max_num_queries(11 * 18 + 30):
        run_list_acts()
    assert ControlRequest.objects.count() == 2007 and fresh(job).state == "done"


def test_more_than_may_be_done_at_once_is_refused(maria, live, monkeypatch) -> None:
    monkeypatch.setattr(list_acts, "MOST_ROWS", 6)
    assert list_acts.plan(ListActKind.STOP, Stream.objects.all()).rows == 7
    with pytest.raises(TooManyRows):
        asked(maria, ListActKind.STOP, Stream.objects.all())


def test_old_ones_are_removed(maria, live) -> None:
    job = asked(maria, ListActKind.STOP, Stream.objects.all())
    run_list_acts()
    assert list_acts.remove_old() == 0
    ListAct.objects.filter(pk=job.pk).update(finished_at=timezone.now() - list_acts.KEPT - timedelta(seconds=1))
    assert list_acts.remove_old() == 1


def test_since_when_a_worker_should_have_taken_one(maria, live) -> None:
    job = asked(maria, ListActKind.STOP, Stream.objects.all())
    assert list_acts.list_act_due_since(timezone.now()) == job.created_at
    ListAct.objects.update(state="running", claimed_by="x", claimed_until=timezone.now() + timedelta(minutes=1))
    assert list_acts.list_act_due_since(timezone.now()) is None
    ListAct.objects.update(claimed_until=job.created_at)
    assert list_acts.list_act_due_since(timezone.now()) == job.created_at
