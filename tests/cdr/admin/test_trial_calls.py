"""Test calls as people place them, and the page that follows one: what works, what does not, and what to do."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from cdr import trial_calls
from cdr.trial_call_rows import TrialCall
from streams.models import Call, Callback, CallbackState, Gateway
from streams.pure.gateway.refusal import Reason
from tests.cdr import factories
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import refused

PASSWORD = "correct horse battery"  # noqa: S105 - of a test
pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway(db: None) -> Gateway:
    return make_gateway()


def asking(gateway: Gateway) -> str:
    return f"/admin/streams/gateway/{gateway.pk}/test-call/"


def followed(call: Call | None, *, over: bool = True, problem: str = "") -> str:
    """The page of a test call that left this call."""
    gateway = (call.gateway if call else None) or Gateway.objects.get()
    given = {"gateway": gateway, "account_key": gateway.account_id, "by": "maria", "address": "ws://x", "problem": problem}
    now = timezone.now()
    job = TrialCall.objects.create(**given, call_uuid=call.uuid if call else uuid4(), created_at=now, finished_at=now if over else None)
    return f"/admin/cdr/trialcall/{job.pk}/change/"


def steps(client, address: str) -> list[str]:
    """The states, in order."""
    return [row[1].split(" ", 1)[1] for row in read(client, address).rows if len(row) == 3 and row[1] != "State"]


def test_it_is_placed_from_the_gateways_page_by_who_may_change_it(administrator, operator, gateway, settings) -> None:
    page = f"/admin/streams/gateway/{gateway.pk}/change/"
    assert asking(gateway) in read(administrator, page).links and asking(gateway) not in read(operator, page).links
    assert operator.get(asking(gateway)).status_code == operator.post(asking(gateway), {"password": PASSWORD}).status_code == 403
    assert "it is billed" in read(administrator, asking(gateway)).text and not TrialCall.objects.exists()
    settings.PUBLIC_URL = "https://calls.example.com"
    answer = administrator.post(asking(gateway), {"password": PASSWORD}, follow=True)
    job = TrialCall.objects.get()
    assert (job.address, job.secret, job.gateway_id) == ("wss://calls.example.com", PASSWORD, gateway.pk)
    assert answer.headers["Refresh"] == "2" and "waits for a worker" in answer.content.decode() and PASSWORD not in answer.content.decode()
    assert operator.get(f"/admin/cdr/trialcall/{job.pk}/change/").status_code == 403


def test_a_wrong_password_places_none(administrator, gateway) -> None:
    page = administrator.post(asking(gateway), {"password": "another password"})
    assert "not the gateway" in page.content.decode() and "another password" not in page.content.decode()
    assert not TrialCall.objects.exists()


@pytest.mark.parametrize(
    ("host", "placed"), [("localhost", True), ("localhost:8000", True), ("localhost:6379", False), ("localhost:22", False)]
)
def test_no_other_port_of_this_machine_is_dialled(administrator, gateway, host, placed, settings) -> None:
    settings.PUBLIC_URL, settings.PORT = "", 8000
    answer = administrator.post(asking(gateway), {"password": PASSWORD}, HTTP_HOST=host)
    assert TrialCall.objects.exists() == placed and (placed or "Set PUBLIC_URL" in answer.content.decode())


def test_a_gateway_that_signs_is_asked_for_no_password(administrator, gateway) -> None:
    Gateway.objects.update(dialect="twilio")
    gateway = Gateway.objects.get()
    gateway.signing_token = "x" * 32
    gateway.save()
    assert 'name="password"' not in administrator.get(asking(gateway)).content.decode()
    administrator.post(asking(gateway))
    assert TrialCall.objects.get().secret == ""


def test_too_many_are_refused_with_a_sentence(administrator, gateway) -> None:
    administrator.post(asking(gateway), {"password": PASSWORD})
    assert "One at a time" in administrator.post(asking(gateway), {"password": PASSWORD}).content.decode()
    assert TrialCall.objects.count() == 1


def test_a_good_call_is_green_all_the_way(administrator, gateway, django_assert_max_num_queries) -> None:
    address = followed(factories.good_call(gateway, timezone.now() - timedelta(minutes=1)))
    assert steps(administrator, address) == ["works"] * 5
    page = administrator.get(address)
    assert "All of it works." in page.content.decode() and "Refresh" not in page.headers and "0.00300 USD" in page.content.decode()
    with django_assert_max_num_queries(15):
        administrator.get(address)


def test_a_live_one_waits_for_its_bill_and_asks_again(administrator, gateway) -> None:
    call = factories.live_call(gateway, timezone.now())
    address = followed(call, over=False)
    assert steps(administrator, address) == ["works", "works", "waits", "waits", "waits"]
    assert administrator.get(address).headers["Refresh"] == "2"


def test_a_service_that_refuses_says_so_and_leads_to_its_test(administrator, gateway) -> None:
    call = factories.refused_call(gateway, timezone.now() - timedelta(minutes=1))
    page = read(administrator, address := followed(call))
    assert "502 Bad Gateway" in page.text and f"/admin/cdr/urltest/ask/?stream={call.streams.get().uuid}" in page.links
    assert steps(administrator, address)[2:4] == ["does not work", "does not work"]


def test_an_answer_that_is_none_leads_to_the_application(administrator, gateway) -> None:
    page = read(administrator, followed(factories.bad_answer_call(gateway, timezone.now())))
    assert "HTML, not XML" in page.text and f"/admin/streams/application/{gateway.application_id}/change/" in page.links


def test_callbacks_that_fail_lead_to_the_callback(administrator, gateway) -> None:
    call = factories.good_call(gateway, timezone.now() - timedelta(minutes=1))
    first = Callback.objects.filter(stream__call=call).first()
    assert first
    factories.tried(first, 1, 10, status=500, error="The endpoint answered 500.")
    page = read(administrator, address := followed(call))
    assert "The endpoint answered 500." in page.text and f"/admin/streams/callback/{first.pk}/change/" in page.links
    Callback.objects.update(state=CallbackState.DELIVERED)
    assert steps(administrator, address)[3] == "works"


def test_without_callbacks_none_is_missed(administrator, gateway) -> None:
    call = factories.good_call(gateway, timezone.now() - timedelta(minutes=1))
    Callback.objects.all().delete()
    call.streams.update(status_callback_url="")
    address = followed(call)
    assert steps(administrator, address)[3] == "not asked for" and "All of it works." in read(administrator, address).text


def test_a_refused_gateway_says_what_to_do(administrator, gateway) -> None:
    refused(gateway.name, Reason.NO_TLS, timezone.now() + timedelta(seconds=5), words="It came without TLS.")
    page = read(administrator, followed(None, problem="The platform refused gateway (HTTP 403)."))
    assert "It came without TLS." in page.text and "Connect it to wss://" in page.text


def test_where_nothing_answers_it_says_what_the_operator_does(administrator, gateway) -> None:
    address = followed(None, problem="Nothing answers at calls.example.com:443.")
    page = read(administrator, address)
    assert "Nothing answers at calls.example.com:443." in page.text and "See that PUBLIC_URL is that address" in page.text
    assert steps(administrator, address) == ["does not work", *["not reached"] * 4] and "Refresh" not in administrator.get(address).headers


def test_what_it_cost_is_for_those_who_may_see_it(administrator, gateway) -> None:
    call = factories.good_call(gateway, timezone.now() - timedelta(minutes=1))
    job = TrialCall.objects.get(pk=int(followed(call).split("/")[-3]))
    from cdr.pages.trial_call import trial_call_page  # noqa: PLC0415 - the page itself, without a reader

    assert "USD" not in str(trial_call_page(job, timezone.now(), money_seen=False))


def test_after_a_while_nothing_is_waited_for(administrator, gateway) -> None:
    call = factories.good_call(gateway, timezone.now() - timedelta(minutes=9))
    Callback.objects.update(state=CallbackState.PENDING, tries=0)
    address = followed(call)
    TrialCall.objects.update(finished_at=timezone.now() - timedelta(minutes=5))
    assert "Refresh" not in administrator.get(address).headers and "Not all of it was seen to work." in read(administrator, address).text


def test_the_list_has_those_of_the_week(administrator, gateway) -> None:
    followed(None, problem="Nothing answers at calls.example.com:443.")
    assert "Nothing answers at calls.example.com:443." in read(administrator, "/admin/cdr/trialcall/").text
    assert trial_calls.KEPT == timedelta(days=7)
