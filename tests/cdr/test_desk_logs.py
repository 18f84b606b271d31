"""The open debug log of the desk: what is in one's scope, as a customer may read it, until the membership ends."""

import json

import pytest
from django.test import Client

from cdr import live, members
from cdr.audit import Actor
from cdr.member_rows import Membership, Role
from config.asgi import application
from streams.models import Call, Stream, StreamEvent
from tests.cdr import factories
from tests.cdr.call_script import make_gateway
from tests.cdr.desk.two_accounts import at_desk, member
from tests.cdr.test_live import heard, in_a_thread, opened, quick  # noqa: F401 - the fixture
from tests.patient_communicator import PatientCommunicator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def call() -> Call:
    return factories.live_call(make_gateway())


@pytest.fixture
def carla(call: Call) -> Client:
    return at_desk()


async def closed_with(client: Client, path: str) -> int:
    headers = [
        (b"host", b"localhost"),
        (b"origin", b"http://localhost"),
        (b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode()),
    ]
    accepted, code = await PatientCommunicator(application, path, headers=headers).connect()
    assert not accepted
    return int(code or 0)


async def test_it_brings_the_own_log_without_the_operator_s_network(call, carla) -> None:
    for path in (f"/desk/live/call/{call.uuid}/", f"/desk/live/stream/{await in_a_thread(lambda: call.streams.all()[0].uuid)()}/"):
        async with opened(carla, path) as socket:
            said = json.dumps(await heard(socket))
            assert "recorder.example.com" in said and "10.20.0.7" not in said


async def test_another_s_is_refused_as_what_is_not_there(call, carla) -> None:
    other = await in_a_thread(lambda: factories.live_call(make_gateway("pbx-2", "Beta")))()
    stream = await in_a_thread(lambda: Stream.objects.filter(call=other)[0])()
    for key in (f"call/{other.uuid}", f"call/{other.pk}", f"stream/{stream.uuid}", f"stream/{stream.pk}", "call/987654", "stream/987654"):
        assert await closed_with(carla, f"/desk/live/{key}/") == live.CLOSE_REFUSED, key
    assert await closed_with(carla, f"/admin/live/call/{call.uuid}/") == live.CLOSE_REFUSED


async def test_it_ends_when_the_membership_does_and_brings_nothing_more(call, carla) -> None:
    async with opened(carla, f"/desk/live/call/{call.uuid}/") as socket:
        await heard(socket)
        await in_a_thread(lambda: members.take_away(Membership.objects.get(), Actor("anna", None)))()
        beats = 0
        while (message := await socket.receive_output(timeout=30))["type"] == "websocket.send":
            beats += 1
        assert (message["code"], beats <= 20) == (live.CLOSE_NO_LONGER, True)


async def test_who_leaves_one_of_two_accounts_loses_that_log_and_no_other_and_a_viewer_reads_on(call, carla) -> None:
    other = await in_a_thread(lambda: factories.live_call(make_gateway("pbx-2", "Beta")))()
    await in_a_thread(lambda: member("Beta", Role.MANAGER))()
    async with opened(carla, f"/desk/live/call/{call.uuid}/") as own, opened(carla, f"/desk/live/call/{other.uuid}/") as beta:
        await heard(own)
        await heard(beta)
        places = await in_a_thread(lambda: {one.account.name: one for one in Membership.objects.select_related("account", "user")})()
        actor = Actor("anna", None)
        await in_a_thread(members.take_away)(places["Acme Robotics"], actor)
        await in_a_thread(members.take_in)(places["Beta"].user, places["Beta"].account, Role.VIEWER, actor)
        while (message := await own.receive_output(timeout=30))["type"] == "websocket.send":
            pass
        assert message["code"] == live.CLOSE_NO_LONGER
        last = await in_a_thread(other.events.last)()
        await in_a_thread(StreamEvent.objects.create)(call=other, at=last.at, kind="call_dtmf", details={"digit": "7"}, number=900)
        assert [line["anchor"] for line in await heard(beta)] == ["n900"]
