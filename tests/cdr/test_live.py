"""The socket of an open debug log: it brings what the page does not have, to those who may see it."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import InMemoryChannelLayer, channel_layers
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from cdr import live, roles
from cdr.models import ConsoleSession
from cdr.pages.log import page as debug_log
from cdr.pages.log.subject import DebugLog, call_log
from cdr.pure.log.filter import LogFilter
from cdr.pure.log.lines import Line
from config.asgi import application
from streams.models import Call, Callback, Stream, StreamEvent
from tests.cdr import factories
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.call_script import make_gateway
from tests.patient_communicator import PatientCommunicator
from tests.streams.gateway_socket import switchboard_running

pytestmark = pytest.mark.django_db(transaction=True)
HOST = (b"host", b"localhost")


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    monkeypatch.setattr(live, "BEAT_SECONDS", 0.02)
    # What refuses another site's page is a consumer of Channels' own, on the channel layer: here one without Redis.
    monkeypatch.setattr(channel_layers, "backends", {"default": InMemoryChannelLayer()})


@pytest.fixture
def call() -> Call:
    return factories.live_call(make_gateway())


@pytest.fixture
def support() -> Client:
    return signed_in(person("support", roles.SUPPORT))


@asynccontextmanager
async def opened(client: Client, path: str, seen: Any = (), origin: str = "http://localhost") -> AsyncIterator[PatientCommunicator]:
    cookie = f"sessionid={client.cookies['sessionid'].value}" if "sessionid" in client.cookies else "theme=dark"
    headers = [HOST, (b"origin", origin.encode()), (b"cookie", cookie.encode())]
    socket = PatientCommunicator(application, path, headers=headers)
    accepted, _ = await socket.connect()
    assert accepted
    await socket.send_to(text_data=json.dumps({"seen": list(seen)}))
    try:
        yield socket
    finally:
        await socket.disconnect()


async def heard(socket: PatientCommunicator) -> list[dict[str, str]]:
    """The lines of the next message that has some."""
    while True:
        message = await socket.receive_json_from(timeout=30)
        if message["lines"]:
            return message["lines"]


async def counted(socket: PatientCommunicator) -> dict[str, Any]:
    """The next message of a look that found something changed."""
    while True:
        message = await socket.receive_json_from(timeout=30)
        if "count" in message:
            return message


async def refused(client: Client, path: str, origin: str = "http://localhost") -> bool:
    headers = [HOST, (b"origin", origin.encode())]
    if "sessionid" in client.cookies:
        headers.append((b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode()))
    socket = PatientCommunicator(application, path, headers=headers)
    accepted, _ = await socket.connect()
    if accepted:
        await socket.disconnect()
    return not accepted


def log_of(row: Call | Stream) -> str:
    return f"/admin/live/{'call' if isinstance(row, Call) else 'stream'}/{row.uuid}/"


def lines_of(log: DebugLog) -> list[Line]:
    return log.lines(log.rows.after(None, 1000), str)


in_a_thread: Callable[..., Callable[..., Awaitable[Any]]] = sync_to_async


async def test_a_page_that_has_nothing_gets_every_line_in_order(call, support) -> None:
    async with opened(support, log_of(call)) as socket:
        lines = await heard(socket)
    shown: list[str] = []
    for line in lines:
        shown.insert(shown.index(line["before"]) if line["before"] else len(shown), line["anchor"])
    expected = await in_a_thread(lambda: [line.anchor for line in lines_of(call_log(str(call.uuid)))])()
    assert shown == expected and len(expected) > 8
    assert all(f'id="{line["anchor"]}"' in line["html"] for line in lines)


async def test_what_the_page_has_does_not_come_again_and_what_is_new_comes_at_its_place(call, support) -> None:
    seen = await in_a_thread(lambda: [line.anchor for line in lines_of(call_log(str(call.uuid)))])()
    events = [anchor for anchor in seen if not anchor.startswith("c")]
    missed, follower = events[3], events[4]
    async with opened(support, log_of(call), [anchor for anchor in seen if anchor != missed]) as socket:
        lines = await heard(socket)
        assert {line["anchor"] for line in lines if not line["anchor"].startswith("c")} == {missed}
        assert next(line["before"] for line in lines if line["anchor"] == missed) == follower
        last = await in_a_thread(call.events.last)()
        await in_a_thread(StreamEvent.objects.create)(call=call, at=last.at, kind="call_dtmf", details={"digit": "7"}, number=900)
        (line,) = await heard(socket)
    assert (line["anchor"], "Digit 7 was pressed" in line["html"]) == ("n900", True)


async def test_a_callback_whose_next_try_moves_comes_again(call, support) -> None:
    async with opened(support, log_of(call)) as socket:
        await heard(socket)
        callback = await in_a_thread(Callback.objects.first)()
        await in_a_thread(Callback.objects.filter(pk=callback.pk).update)(state="given_up")
        lines = await heard(socket)
    assert f"c{callback.message_id}" in {line["anchor"] for line in lines}


async def test_it_says_whether_the_call_lives_and_beats_without_news(call, support) -> None:
    async with opened(support, log_of(call)) as socket:
        assert (await socket.receive_json_from(timeout=30))["live"] is True
        assert await socket.receive_json_from(timeout=30) == {"lines": [], "live": True}
        await in_a_thread(hang_up)(call)
        while (await socket.receive_json_from(timeout=30))["live"]:
            pass


async def test_the_log_of_one_stream_and_of_problems_only(call, support) -> None:
    stream = await in_a_thread(call.streams.first)()
    async with opened(support, log_of(stream)) as socket:
        assert any("Connecting" in line["html"] for line in await heard(socket))


async def test_lines_that_the_filter_does_not_let_through_are_counted(call, support) -> None:
    async with opened(support, f"{log_of(call)}?kind=audio&q=digit+7") as socket:
        first = await counted(socket)
        lines = int(first["count"].split()[2])
        assert (first["lines"], first["groups"]["audio"], first["full"]) == ([], 0, False)
        await in_a_thread(press)(call, "8", 900)
        second = await counted(socket)
        assert (second["lines"], second["groups"]["audio"], second["count"]) == ([], 1, f"0 of {lines + 1} lines")
        await in_a_thread(press)(call, "7", 901)
        third = await counted(socket)
    assert third["count"] == f"1 of {lines + 2} lines" and "Digit 7 was pressed" in third["lines"][0]["html"]


async def test_a_page_that_is_full_says_so(call, support, monkeypatch) -> None:
    monkeypatch.setattr(debug_log, "PAGE_LINES", 5)
    async with opened(support, log_of(call)) as socket:
        message = await counted(socket)
    assert message["full"] and len(message["lines"]) == 5


async def test_nothing_is_read_while_nothing_changes(call, support, monkeypatch) -> None:
    async with opened(support, log_of(call)) as socket:
        await heard(socket)
        monkeypatch.setattr(live, "log_page", None)  # a reading of lines would break the socket
        for _ in range(5):
            assert await socket.receive_json_from(timeout=30) == {"lines": [], "live": True}


def test_a_look_is_two_queries_that_read_no_line_and_a_change_five_more(call, django_assert_num_queries) -> None:
    reading = live.OpenLog("call", str(call.uuid), "", LogFilter(), live.LogReader(1, False))
    live.news(reading)
    with django_assert_num_queries(2):
        assert live.news(reading) == {"lines": [], "live": True}
    press(call, "7", 900)
    with django_assert_num_queries(2 + 2 + 2 + 3):
        assert len(live.news(reading)["lines"]) == 1


@pytest.mark.parametrize(("alive", "quiet_beats", "beats"), [(True, 9000, 1), (False, 0, 5), (False, 601, 30)])
def test_the_longer_nothing_comes_the_seldomer_it_looks(alive, quiet_beats, beats) -> None:
    assert live._beats(alive, quiet_beats) == beats


async def test_a_person_has_so_many_open_logs_and_no_more(call, support, monkeypatch) -> None:
    monkeypatch.setattr(live, "MOST_OPEN", 1)
    async with opened(support, log_of(call)) as first:
        await heard(first)
        async with opened(support, log_of(call)) as second:
            assert (await second.receive_output(timeout=30))["code"] == 4429
    async with opened(support, log_of(call)) as third:
        assert await heard(third)


async def test_numbers_are_masked_until_they_may_be_seen(call, support) -> None:
    async with opened(support, log_of(call)) as socket:
        html = "".join(line["html"] for line in await heard(socket))
    assert "4155550123" not in html and "•••••••0123" in html
    await in_a_thread(give_numbers)()
    async with opened(support, log_of(call)) as socket:
        assert "4155550123" in "".join(line["html"] for line in await heard(socket))


@pytest.mark.parametrize("what", ["session", "permission", "active", "password", "role"])
async def test_who_may_no_longer_see_it_is_cut_off(call, support, what) -> None:
    """Within some beats of a second, by the socket's own: it sends something at each: five on a quiet machine."""
    async with opened(support, log_of(call)) as socket:
        await heard(socket)
        await in_a_thread(take_away if what != "role" else lambda _: give_numbers())(what)
        beats = 0
        while (message := await socket.receive_output(timeout=30))["type"] == "websocket.send":
            beats += 1
        assert (message["type"], message["code"]) == ("websocket.close", 4401) and beats <= 20


def press(call: Call, digit: str, number: int) -> None:
    StreamEvent.objects.create(call=call, at=timezone.now(), kind="call_dtmf", details={"digit": digit}, number=number)


def hang_up(call: Call) -> None:
    """As the journal does it: an ended call has an event that says so."""
    Call.objects.update(state="ended")
    StreamEvent.objects.create(call=call, at=timezone.now(), kind="call_ended", number=901)


def give_numbers() -> None:
    User.objects.get(username="support").user_permissions.add(Permission.objects.get(codename="see_numbers"))


def take_away(what: str) -> None:
    user = User.objects.get(username="support")
    if what == "session":
        ConsoleSession.objects.all().delete()
    elif what == "permission":
        user.groups.clear()
    elif what == "password":
        user.set_password("another")
        user.save()
    else:
        User.objects.update(is_active=False)


async def test_strangers_and_other_sites_are_refused(call, support) -> None:
    stranger = await in_a_thread(lambda: signed_in(User.objects.create_user("stranger", is_staff=True)))()
    assert await refused(Client(), log_of(call))
    assert await refused(stranger, log_of(call))
    assert await refused(support, log_of(call), "https://evil.example")
    async with switchboard_running():  # nothing is there, which whoever looks after gateways says
        assert await refused(support, "/admin/live/account/1/")
    assert not await refused(support, log_of(call))


@pytest.mark.parametrize("cookie", [b"", b"sessionid", b"sessionid=x", b"sessionid=%00; a=b", b"\xff=\xfe; sessionid=\xe9" + b"a" * 40])
async def test_a_cookie_that_is_none_of_ours_is_refused(call, cookie) -> None:
    headers = [HOST, (b"origin", b"http://localhost"), (b"cookie", cookie)]
    assert await PatientCommunicator(application, log_of(call), headers=headers).connect() == (False, 4403)


async def test_the_session_is_found_among_other_cookies(call, support) -> None:
    cookie = f'a=b=c; theme="dark; sessionid={support.cookies["sessionid"].value}; sessionidx=1'
    headers = [HOST, (b"origin", b"http://localhost"), (b"cookie", cookie.encode())]
    socket = PatientCommunicator(application, log_of(call), headers=headers)
    assert (await socket.connect())[0]
    await socket.disconnect()


@pytest.mark.parametrize("nonsense", ["[]", "{", '{"seen": 5}', "null"])
async def test_a_page_that_says_nonsense_is_left(call, support, nonsense) -> None:
    headers = [HOST, (b"origin", b"http://localhost"), (b"cookie", f"sessionid={support.cookies['sessionid'].value}".encode())]
    socket = PatientCommunicator(application, log_of(call), headers=headers)
    await socket.connect()
    await socket.send_to(text_data=nonsense)
    await socket.wait(timeout=30)
    assert await socket.receive_nothing()


async def test_one_persons_many_looks_leave_a_thread_to_another() -> None:
    def opened_by(user: int) -> live.OpenLog:
        return live.OpenLog("call", "0a", "a session", LogFilter(), live.LogReader(user, whole_numbers=False))

    over = threading.Event()
    mine = [asyncio.ensure_future(live._look(lambda _: over.wait(20), opened_by(1))) for _ in range(5)]
    async with asyncio.timeout(15):
        assert await live._look(lambda _: "seen", opened_by(2)) == "seen"
        over.set()
        assert await asyncio.gather(*mine) == [True] * 5
