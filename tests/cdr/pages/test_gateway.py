"""The page of a gateway: what it carries, when it was heard, whom was refused, in six queries whatever happened."""

from datetime import timedelta
from uuid import UUID

import pytest

from cdr.pages.gateway import SHOWN_REFUSALS, GatewayPage, gateway_page, live_call_count
from streams.gateways import traffic
from streams.models import Call, Gateway, StreamEvent
from streams.pure.gateway.refusal import Reason
from streams.pure.lifecycle import EventKind
from tests.cdr.call_script import STARTED, CallScript, make_gateway
from tests.cdr.factories import good_call, live_call, refused

pytestmark = pytest.mark.django_db
NOW = STARTED + timedelta(minutes=5)
BASE = "wss://streams.example.org"
QUERIES = 6


@pytest.fixture
def gateway() -> Gateway:
    return make_gateway()


def page_of(gateway: Gateway, base: str = BASE) -> GatewayPage:
    return gateway_page(gateway.pk, base, 20.0, NOW)


def facts_of(page: GatewayPage) -> dict[str, str]:
    return {fact.label: fact.value for fact in (*page.health, *page.facts)}


def test_a_gateway_that_never_came(gateway) -> None:
    page = page_of(gateway)
    assert (page.state.word, page.last_call, page.refusals) == ("never connected", None, [])
    assert facts_of(page) == {
        "Connected calls": "0",
        "Frames a second": "0",
        "Last call (UTC)": "–",
        "First call (UTC)": "–",
        "Refused attempts, 24 h": "0",
        "URL": "wss://streams.example.org/gateway/asterisk/pbx-1/",
        "Dialect": "Asterisk chan_websocket",
        "Account": "Acme Robotics",
        "Application": "support bot",
        "Known by": "its name and password",
        "Seems to be (guessed)": "–",
        "Upgrade answered in": "–",
    }


def test_a_gateway_that_carries_calls_and_the_frames_of_all_processes(gateway) -> None:
    good_call(gateway, STARTED - timedelta(days=2))
    last = live_call(gateway)
    live_call(make_gateway("pbx-2"), STARTED + timedelta(seconds=9))
    traffic.write("a" * 32, {gateway.pk: 49.6})
    traffic.write("b" * 32, {gateway.pk: 100.2})
    page = page_of(gateway)
    facts = facts_of(page)
    assert (page.state.word, page.last_call) == ("carrying 1 call", last.uuid)
    assert (facts["Connected calls"], facts["Frames a second"]) == ("1", "150")
    assert (facts["Last call (UTC)"], facts["First call (UTC)"]) == ("2024-11-23 14:01:37", "2024-11-21 14:01:37")


def test_the_release_is_that_of_the_last_call_that_told_it(gateway) -> None:
    for number, version in enumerate(("Asterisk of old", "Asterisk of today", "")):
        script = CallScript(gateway, STARTED + timedelta(minutes=number))
        script.add(EventKind.CALL_STARTED, 0)
        if version:
            script.add(EventKind.CALL_MEDIA_STARTED, 0, format="mulaw 8000 Hz", version=version)
        script.save()
    assert facts_of(page_of(gateway))["Seems to be (guessed)"] == "Asterisk of today"


def test_what_was_refused_with_what_to_do_about_it(gateway) -> None:
    call = good_call(gateway, STARTED - timedelta(hours=1))
    refused("pbx-1", at=STARTED, count=7)
    refused("pbx-1", Reason.UNSUPPORTED_MEDIA, STARTED - timedelta(hours=2), words="It sends opus.", call_uuid=call.uuid)
    refused("pbx-2", at=NOW)
    page = page_of(gateway)
    first, second = page.refusals
    assert (first.count, first.reason.word, first.address, first.call) == (7, "wrong password", "10.20.0.7", None)
    assert (second.reason.word, second.words, second.call) == ("unsupported codec", "It sends opus.", call.uuid)
    assert "set a new one" in first.advice and page.state.word == "refused lately"
    assert facts_of(page)["Refused attempts, 24 h"] == "8"


@pytest.mark.parametrize(
    ("refused_after", "state"), [(timedelta(minutes=1), "refused lately"), (timedelta(minutes=-1), "idle"), (timedelta(hours=-25), "idle")]
)
def test_it_was_refused_lately_unless_a_call_came_since(gateway, refused_after, state) -> None:
    good_call(gateway)
    refused("pbx-1", at=STARTED + refused_after)
    assert page_of(gateway).state.word == state


def test_many_of_everything_take_no_more_queries(gateway, django_assert_num_queries) -> None:
    for number in range(3):
        live_call(gateway, STARTED + timedelta(seconds=number))
    for number in range(SHOWN_REFUSALS + 5):
        refused("pbx-1", at=STARTED - timedelta(hours=number))
    with django_assert_num_queries(QUERIES):
        page = page_of(gateway)
    assert len(page.refusals) == SHOWN_REFUSALS and page.more_refusals
    assert page.refusals[0].at > page.refusals[1].at


def test_the_lines_have_the_gateways_url_and_no_password(gateway) -> None:
    page = page_of(gateway, "ws://10.0.0.5:8000")
    assert "uri = ws://10.0.0.5:8000/gateway/asterisk/pbx-1/\n" in page.lines[0].text
    assert "password = YOUR_PASSWORD\n" in page.lines[0].text and page.notes == []


def test_how_long_upgrades_waited_for_their_answer(gateway) -> None:
    for number, waited in enumerate((1.5, 12.34, None, "soon", True)):
        call = live_call(gateway, STARTED + timedelta(seconds=number))
        StreamEvent.objects.filter(call=call, kind="call_started").update(details={"upgrade_ms": waited})
    assert facts_of(page_of(gateway))["Upgrade answered in"] == "12.3 ms at most, of the last 2 calls"


@pytest.mark.parametrize(
    ("dialect", "base", "says"),
    [
        ("asterisk", "ws://127.0.0.1:8000", "from this machine only"),
        ("asterisk", "ws://[::1]:8000", "from this machine only"),
        ("twilio", "ws://calls.example.org", "Twilio dials wss:// only"),
    ],
)
def test_what_the_reader_should_know_before_pasting(gateway, dialect, base, says) -> None:
    gateway.dialect = dialect
    gateway.save()
    assert says in " ".join(page_of(gateway, base).notes)


def test_one_that_signs_is_told_no_password(gateway) -> None:
    Gateway.objects.filter(pk=gateway.pk).update(dialect="twilio", signing_token="t" * 32)
    page = page_of(gateway)
    assert facts_of(page)["Known by"] == "Twilio's signature"
    assert "YOUR_PASSWORD" not in "".join(lines.text for lines in page.lines)


def test_live_calls_of_many_gateways_in_one_query(gateway, django_assert_num_queries) -> None:
    other = make_gateway("pbx-2")
    for number in range(3):
        live_call(gateway, STARTED + timedelta(seconds=number))
    good_call(other)
    with django_assert_num_queries(1):
        assert live_call_count([gateway.pk, other.pk]) == {gateway.pk: 3}


def test_a_call_is_linked_by_its_uuid(gateway) -> None:
    good_call(gateway)
    assert page_of(gateway).last_call == Call.objects.get().uuid and isinstance(page_of(gateway).last_call, UUID)
