"""Blocking and unblocking a host, and stopping all streams to it: who may, what is asked, what is written down."""

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from cdr.models import AuditEntry
from streams import host_blocks
from streams.models import Account, Call, Callback, CallbackState, ControlRequest, HostBlock, Stream
from tests.cdr.admin.conftest import signed_in
from tests.cdr.admin.reading import read
from tests.cdr.call_script import CallScript, make_gateway
from tests.cdr.factories import good_call, live_call

HOSTS = "/admin/cdr/hostdetail/"
HOST = "bot.example.com"


@pytest.fixture
def auth_id(db) -> str:
    """Of an account with a live stream to the host; another account has one as well."""
    for name, account in (("pbx-1", "Acme Robotics"), ("pbx-2", "Globex")):
        live_call(make_gateway(name, account), timezone.now())
    return str(Account.objects.get(name="Acme Robotics").auth_id)


def address(act: str, auth_id: str, host: str = HOST) -> str:
    return f"{HOSTS}{act}/{auth_id}/{host}/"


def block(client, auth_id: str, host: str = HOST, **more: str) -> str:
    """What the page that follows says."""
    response = client.post(address("block", auth_id, host), {"why": "It floods us.", "scope": "this", **more}, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_support_and_strangers_block_nothing(support, stranger, auth_id) -> None:
    for client in (support, stranger):
        for act in ("block", "unblock", "stop-streams"):
            sent = {"why": "x", "scope": "this"}
            assert client.get(address(act, auth_id)).status_code == client.post(address(act, auth_id), sent).status_code == 403
    assert not any(
        f"{HOSTS}{act}/" in link for act in ("block", "stop-streams") for link in read(support, f"{HOSTS}of/{auth_id}/{HOST}/").links
    )
    assert not HostBlock.objects.exists() and not ControlRequest.objects.exists()


def test_it_asks_first_with_the_consequences(operator, auth_id) -> None:
    page = read(operator, address("block", auth_id))
    assert "1 stream of Acme Robotics goes there now" in page.text and "callbacks wait until it is unblocked" in page.text
    assert "All accounts" not in page.text and not HostBlock.objects.exists()


def test_a_block_is_written_down_and_stands_on_the_page_and_in_the_list(operator, support, auth_id) -> None:
    assert f"{HOST} is blocked for Acme Robotics" in block(operator, auth_id)
    (made,), entry = HostBlock.objects.all(), AuditEntry.objects.latest("pk")
    assert (made.account.name, made.host, made.why, made.blocked_by) == ("Acme Robotics", HOST, "It floods us.", "maria")
    assert (entry.act, entry.subject, entry.details) == ("block a host", f"{HOST} for Acme Robotics", {"why": "It floods us."})
    page = read(support, f"{HOSTS}of/{auth_id}/{HOST}/")
    assert "by maria: It floods us." in page.text and "⊘ blocked" in page.text
    rows = read(support, HOSTS).rows
    assert ["blocked" in row[0] for row in rows if row and row[0].startswith(HOST)] == [True, False]
    assert not ControlRequest.objects.exists(), "what goes there goes on"


def test_without_a_reason_nothing_is_blocked(operator, auth_id) -> None:
    page = operator.post(address("block", auth_id), {"why": " ", "scope": "this"})
    assert "This field is required" in page.content.decode() and not HostBlock.objects.exists()


@pytest.mark.parametrize("written", ["BOT.example.com.", "Bot.Example.Com"])
def test_a_host_is_blocked_as_it_is_looked_for(operator, auth_id, written) -> None:
    block(operator, auth_id, written)
    assert HostBlock.objects.get().host == HOST


def test_what_can_be_no_host_is_not_blocked(operator, auth_id) -> None:
    for odd in ("a b", "%3Cscript%3E", "x/y", "999.1.1.1", "-"):
        assert operator.post(address("block", auth_id, odd), {"why": "x", "scope": "this"}).status_code == 404, odd
    assert operator.post(address("block", "MA00000000000000000X"), {"why": "x", "scope": "this"}).status_code == 404
    assert not HostBlock.objects.exists()


def test_all_accounts_are_a_superusers_to_block_and_to_unblock(operator, administrator, auth_id) -> None:
    assert "not one of the available choices" in block(operator, auth_id, scope="all") and not HostBlock.objects.exists()
    assert f"{HOST} is blocked for all accounts" in block(administrator, auth_id, scope="all")
    assert HostBlock.objects.get().account is None
    assert "only a superuser lifts that" in read(operator, address("unblock", auth_id)).text
    assert operator.post(address("unblock", auth_id)).status_code == 403 and HostBlock.objects.exists()
    block(operator, auth_id)
    operator.post(address("unblock", auth_id))
    assert [row.account for row in HostBlock.objects.all()] == [None]
    assert "Blocked for all accounts" in read(operator, f"{HOSTS}of/{auth_id}/{HOST}/").text
    administrator.post(address("unblock", auth_id))
    assert not HostBlock.objects.exists()


def test_a_superuser_makes_of_an_accounts_block_one_for_all(operator, administrator, auth_id) -> None:
    block(operator, auth_id)
    page, door = f"{HOSTS}of/{auth_id}/{HOST}/", address("block", auth_id)
    assert door not in read(operator, page).links and door in read(administrator, page).links
    block(administrator, auth_id, scope="all")
    assert door not in read(administrator, page).links and HostBlock.objects.count() == 2


def test_blocked_twice_the_first_reason_stays(operator, auth_id) -> None:
    block(operator, auth_id)
    assert "was blocked already" in block(operator, auth_id, why="another")
    assert HostBlock.objects.get().why == "It floods us."


def test_callbacks_wait_say_so_and_go_on(operator, auth_id) -> None:
    waiting = Callback.objects.filter(account__auth_id=auth_id)
    waiting.update(state=CallbackState.PENDING, due_at=timezone.now(), tries=0)
    block(operator, auth_id, "hooks.example.com")
    assert not waiting.filter(due_at__isnull=False).exists()
    assert "when its host is unblocked" in read(operator, "/admin/streams/callback/?state=pending").text
    assert "when its host is unblocked" in read(operator, f"/admin/streams/callback/{waiting.first().pk}/change/").text
    said = operator.post(address("unblock", auth_id, "hooks.example.com"), follow=True).content.decode()
    assert f"{waiting.count()} callback" in said and not waiting.filter(due_at=None).exists()
    assert AuditEntry.objects.latest("pk").details == {"callbacks_going_on": waiting.count()}


def test_all_streams_to_a_host_are_stopped_of_this_account_alone(operator, auth_id) -> None:
    good_call(make_gateway(), timezone.now())
    page = read(operator, address("stop-streams", auth_id))
    assert "Stop 1 stream to bot.example.com?" in page.text and not ControlRequest.objects.exists()
    said = operator.post(address("stop-streams", auth_id), follow=True).content.decode()
    assert "1 stream to bot.example.com asked to stop." in said
    asked = ControlRequest.objects.get()
    assert (asked.kind, asked.requested_by, asked.stream.service_host, asked.call.account.auth_id) == ("stop", "maria", HOST, auth_id)
    entry = AuditEntry.objects.latest("pk")
    assert (entry.act, entry.details) == ("stop streams to host", {"host": HOST, "streams": 1})


def test_what_ended_meanwhile_is_left_alone(operator, auth_id) -> None:
    Call.objects.update(state="ended")
    assert "No stream of this account goes to this host now" in read(operator, address("stop-streams", auth_id)).text
    operator.post(address("stop-streams", auth_id))
    assert not ControlRequest.objects.exists()


@pytest.mark.parametrize(("scope", "stopped"), [("this", 1), ("all", 2)])
def test_a_block_may_stop_what_goes_there_as_well(administrator, auth_id, scope, stopped) -> None:
    block(administrator, auth_id, scope=scope, stop="on")
    assert ControlRequest.objects.filter(kind="stop", stream__service_host=HOST).count() == ControlRequest.objects.count() == stopped


def test_who_may_block_and_not_stop_stops_nothing(db, auth_id) -> None:
    user = User.objects.create_user("guard", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=("block_host", "view_streamdetail")))
    client = signed_in(user)
    assert "Stop the streams" not in read(client, address("block", auth_id)).text
    block(client, auth_id, stop="on")
    assert HostBlock.objects.exists() and not ControlRequest.objects.exists()


def test_many_are_stopped_in_few_statements(operator, auth_id, django_assert_max_num_queries) -> None:
    stream = Stream.objects.filter(service_host=HOST, account__auth_id=auth_id).select_related("call").get()
    many = [
        Stream(
            call=stream.call, account=stream.account, call_started_at=stream.call_started_at, requested_at=timezone.now(), service_host=HOST
        )
        for _ in range(60)
    ]
    Stream.objects.bulk_create(many)
    with django_assert_max_num_queries(30):
        operator.post(address("stop-streams", auth_id))
    assert ControlRequest.objects.count() == 61


def test_a_refused_stream_tells_its_story(support, auth_id) -> None:
    script = CallScript(make_gateway(), timezone.now()).answered()
    stream = script.requested()
    why = host_blocks.refusal_of({(None, HOST): "It floods us."}, 1, HOST)
    script.connect_failed(stream, 0.2, attempt=1, retry=None, problem=why, status=0)
    script.stream_ended(stream, 0.21, "host_blocked", why)
    script.save()
    page = read(support, f"/admin/cdr/streamdetail/{stream}/change/")
    assert "blocked for all accounts: It floods us. An operator can unblock it in the console." in page.text
    assert stream.hex[:8] in read(support, "/admin/cdr/streamdetail/?cause=host_blocked").text


def test_hostile_reasons_stay_text(administrator, support, auth_id) -> None:
    block(administrator, auth_id, why="\u202e<img src=x onerror=1>")
    for page in (read(support, f"{HOSTS}of/{auth_id}/{HOST}/"), read(administrator, address("unblock", auth_id))):
        assert "<img" not in page.html and not page.inline
