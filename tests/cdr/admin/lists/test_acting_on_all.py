"""Acts on all that match a list as people ask for them: what is said first, what is refused, and the page that follows."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from cdr import list_acts
from cdr.admin.lists import acting_on_all
from cdr.list_act_rows import ListAct
from cdr.models import AuditEntry
from cdr.tasks import run_list_acts
from streams.models import Account, Callback, ControlRequest, Stream
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import live_call, many_streams_call, refused_call

CALLS, STREAMS, CALLBACKS = "/admin/cdr/calldetail/", "/admin/cdr/streamdetail/", "/admin/streams/callback/"
ACTS = "/admin/cdr/listact/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rows(db: None) -> None:
    """Of each of two accounts a live call with two streams; one whose streams ended."""
    for name, account in (("pbx-1", "Acme Robotics"), ("pbx-2", "Globex")):
        live_call(make_gateway(name, account), timezone.now())
    many_streams_call(make_gateway(), timezone.now())


def said(client: Client, path: str, query: str) -> str:
    """The hidden field of the question."""
    answer = client.get(f"{path}all/?{query}")
    found = re.search(r'name="said" value="([^"]+)"', answer.content.decode())
    assert answer.status_code == 200 and found, answer.content.decode()
    return found[1]


def confirm(client: Client, path: str, query: str) -> Any:
    return client.post(f"{path}all/", {"said": said(client, path, query)}, follow=True)


def test_the_list_leads_to_it_for_those_who_may(operator, support) -> None:
    acme = Account.objects.get(name="Acme Robotics").auth_id
    assert f"{STREAMS}all/?account={acme}&state=live" in read(operator, f"{STREAMS}?state=live&account={acme}&code=").links
    assert f"{CALLS}all/?state=live" in read(operator, f"{CALLS}?state=live").links
    assert f"{CALLBACKS}all/?state=delivered" in read(operator, f"{CALLBACKS}?state=delivered").links
    for client, address in ((operator, STREAMS), (support, f"{STREAMS}?state=live"), (operator, f"{STREAMS}?state=never-started")):
        assert not [link for link in read(client, address).links if "/all/" in link], address


def test_it_says_first_what_it_would_do_and_does_nothing(operator) -> None:
    page = read(operator, f"{STREAMS}all/?when=today")
    assert "Stop 4 streams?" in page.text and "4 streams of 2 accounts: the oldest requested" in page.text
    assert "5 that match have ended, and are left as they are." in page.text
    assert not ListAct.objects.exists() and not ControlRequest.objects.exists()


def test_all_that_match_are_stopped_and_the_page_follows_it(operator) -> None:
    acme = Account.objects.get(name="Acme Robotics")
    answer = confirm(operator, STREAMS, f"account={acme.auth_id}")
    job = ListAct.objects.get()
    assert answer.redirect_chain[-1][0] == f"{ACTS}{job.pk}/change/" and answer.headers["Refresh"] == "2"
    assert "waits for a worker" in answer.content.decode() and '<progress value="0" max="2"' in answer.content.decode()
    run_list_acts()
    done = operator.get(f"{ACTS}{job.pk}/change/")
    assert "2 of 2 streams were asked to stop." in done.content.decode() and "Refresh" not in done.headers
    assert set(ControlRequest.objects.values_list("call__account", flat=True)) == {acme.pk}
    entry = AuditEntry.objects.get(act="stop all that match")
    assert entry.details == {"filters": f"account={acme.auth_id}", "rows": 2} and entry.by == "maria"
    assert "2 of 2 streams were asked to stop." in read(operator, ACTS).text


def test_of_calls_the_streams_that_are_meant(operator) -> None:
    confirm(operator, CALLS, "state=live&host=recorder.example.com")
    run_list_acts()
    asked = ControlRequest.objects.values_list("stream__service_host", flat=True)
    assert sorted(asked) == ["recorder.example.com"] * 2
    confirm(operator, CALLS, "state=live")
    run_list_acts()
    live = Stream.objects.exclude(state="ended").values_list("pk", flat=True)
    assert set(ControlRequest.objects.values_list("stream", flat=True)) == set(live)


def test_all_given_up_to_one_host_are_sent_again(operator) -> None:
    refused_call(make_gateway(), timezone.now())
    (given_up,) = Callback.objects.filter(state="given_up")
    host = given_up.host.partition(":")[0]
    page = read(operator, f"{CALLBACKS}all/?state=given_up&host={host}")
    assert "Send 1 callback again?" in page.text and "of one account: created" in page.text and "same message ids" in page.text
    confirm(operator, CALLBACKS, f"state=given_up&host={host}")
    run_list_acts()
    given_up.refresh_from_db()
    assert given_up.state == "pending" and given_up.due_at


def test_what_was_delivered_is_sent_again_only_where_the_list_is_of_such(operator) -> None:
    Callback.objects.update(state="delivered", tries=1)
    everything = operator.get(f"{CALLBACKS}all/?when=today")
    assert everything.status_code == 400 and "were delivered, and are left out" in everything.content.decode()
    assert "acts on them twice" in read(operator, f"{CALLBACKS}all/?state=delivered").text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "Nothing narrows this list"),
        ("before=2026", "Nothing narrows this list"),
        ("closed=1011", "closed"),
        ("state=alive", "alive"),
        ("account=MA0", "MA0"),
        ("code=banana", "banana"),
        ("when=sometimes", "sometimes"),
        ("state=live&state=ended", "twice"),
        ("state=ended", "There is nothing to do. 5 that match have ended"),
        ("q=4711+25:99", "25:99"),
        ("q=" + "x" * 2001, "too long"),
    ],
)
def test_what_is_not_understood_or_too_wide_is_refused(operator, query, words) -> None:
    answer = operator.get(f"{STREAMS}all/?{query}")
    assert answer.status_code == 400 and words in answer.content.decode() and 'name="said"' not in answer.content.decode()


def test_more_than_may_be_done_at_once_is_refused(operator, monkeypatch) -> None:
    for module in (acting_on_all, list_acts):
        monkeypatch.setattr(module, "MOST_ROWS", 3)
    assert "More than 3 match" in operator.get(f"{STREAMS}all/?state=live").content.decode()


def test_what_takes_too_long_to_count_is_refused(operator, monkeypatch) -> None:
    monkeypatch.setattr(acting_on_all, "COUNTED_WITHIN_MS", -1)
    monkeypatch.setattr("cdr.admin.lists.totals.STEPS", 1)
    assert acting_on_all.TOO_SLOW in operator.get(f"{STREAMS}all/?state=live").content.decode()


def test_an_answer_is_to_a_question_that_was_asked_of_this_person_of_this_list_and_lately(operator, administrator, monkeypatch) -> None:
    question = said(operator, STREAMS, "state=live")
    for client, path, token in (
        (administrator, STREAMS, question),
        (operator, CALLS, question),
        (operator, STREAMS, question[:-1] + "x"),
        (operator, STREAMS, ""),
        (operator, STREAMS, signing.dumps([1, "cdr_streamdetail", "stop", "state=live", 99, 99, "q"], salt="another")),
    ):
        answer = client.post(f"{path}all/", {"said": token}, follow=True)
        assert "Nothing was done" in answer.content.decode()
    monkeypatch.setattr(acting_on_all, "ANSWERED_WITHIN_SECONDS", -1)
    assert "Nothing was done" in operator.post(f"{STREAMS}all/", {"said": question}, follow=True).content.decode()
    assert not ListAct.objects.exists()


def test_who_may_not_does_nothing_even_with_somebody_elses_question(operator, support, stranger) -> None:
    question = said(operator, STREAMS, "state=live")
    for client in (support, stranger):
        assert client.get(f"{STREAMS}all/?state=live").status_code == client.post(f"{STREAMS}all/", {"said": question}).status_code == 403
        assert client.get(ACTS).status_code == 403
    assert not ListAct.objects.exists()


def test_twice_confirmed_is_one(operator) -> None:
    question = said(operator, STREAMS, "state=live")
    first, second = (operator.post(f"{STREAMS}all/", {"said": question})["Location"] for _ in range(2))
    assert first == second and ListAct.objects.count() == 1


def test_when_more_match_than_was_said_it_asks_again(operator) -> None:
    """Streams that were there and matched nothing, and now do."""
    live_call(make_gateway(), timezone.now())
    newest = Stream.objects.latest("pk")
    Stream.objects.exclude(pk=newest.pk).update(service_host="elsewhere.example.com")
    question = said(operator, STREAMS, f"host={newest.service_host}")
    Stream.objects.update(service_host=newest.service_host)
    answer = operator.post(f"{STREAMS}all/", {"said": question}, follow=True)
    assert acting_on_all.CHANGED in answer.content.decode() and not ListAct.objects.exists()


def test_a_running_one_is_stopped(operator) -> None:
    confirm(operator, STREAMS, "state=live")
    job = ListAct.objects.get()
    page = read(operator, f"{ACTS}{job.pk}/change/")
    assert f"{ACTS}{job.pk}/halt/" in page.links
    assert "What is done stays done" in read(operator, f"{ACTS}{job.pk}/halt/").text
    operator.post(f"{ACTS}{job.pk}/halt/")
    run_list_acts()
    assert "4 were left alone" in read(operator, f"{ACTS}{job.pk}/change/").text and not ControlRequest.objects.exists()
    assert "There is nothing left to stop" in read(operator, f"{ACTS}{job.pk}/halt/").text


def test_a_number_that_somebody_searched_for_is_shown_to_those_who_may_see_it(operator, rows) -> None:
    confirm(operator, STREAMS, "q=4155550123")
    job = ListAct.objects.get()
    user = person("leo", "Operator")
    user.groups.get().permissions.remove(*user.groups.get().permissions.filter(codename="see_numbers"))
    for client, seen in ((operator, True), (signed_in(user), False)):
        ListAct.objects.update(by="x")
        assert ("4155550123" in client.get(f"{ACTS}{job.pk}/change/").content.decode()) == seen
        assert "4155550123" not in client.get(ACTS).content.decode()


def test_a_period_is_the_one_of_the_question(operator) -> None:
    """What is older than the period by now was not told, and what is told is what is done."""
    question = said(operator, STREAMS, "when=today")
    Stream.objects.update(requested_at=timezone.now() - timedelta(days=3))
    answer = operator.post(f"{STREAMS}all/", {"said": question}, follow=True)
    assert "by now there is nothing to do" in answer.content.decode() and not ListAct.objects.exists()
