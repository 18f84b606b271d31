"""The gateways' endpoint through Channels' communicator: who may come in, and that what comes in goes out."""

import asyncio
import base64
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.db import connection
from django.utils import timezone
from plivo.utils.signature_v3 import validate_v3_signature
from pytest_httpserver import HTTPServer
from websockets.asyncio.server import ServerConnection, serve
from werkzeug import Request, Response

from streams import consumers, control, host_blocks, tokens
from streams.calls import note_page, switchboard
from streams.calls.spool_file import SpoolFile
from streams.gateways import directory
from streams.host_blocks import HostOf
from streams.models import Account, Application, Call, Stream, StreamEvent
from streams.pure.messages import StreamRequest
from streams.simulate.customer import Behaviour, Customer
from streams.simulate.listener import serving
from tests.journeys.sdk_customer import PlivoWebsocketStreamingHandler
from tests.patient_communicator import PatientCommunicator
from tests.streams.gateway_socket import MEDIA_START, PASSWORD, application, basic, call, socket, switchboard_running, until
from tests.streams.rows import gateway, main_token

pytestmark = pytest.mark.django_db(transaction=True)
RECORDINGS = Path(__file__).parent.parent / "data" / "asterisk"


def xml(customer: Customer, **attributes: str) -> str:
    given = {"contentType": "audio/x-mulaw;rate=8000", **attributes}
    written = " ".join(f'{name}="{value}"' for name, value in given.items())
    return f"<Response><Stream {written}>{customer.url}</Stream></Response>"


async def new_gateway(answer_xml: str = "<Response/>", name: str = "pbx"):
    return await database_sync_to_async(gateway)(name, answer_xml)


# Who may come in -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "user", "password", "says"),
    [
        ("/gateway/asterisk/pbx/", "pbx", "wrong", "wrong user name or password"),
        ("/gateway/asterisk/pbx/", "other", PASSWORD, "wrong user name or password"),
        ("/gateway/asterisk/pbx/", "pbx", "pässwörd", "wrong user name or password"),
        ("/gateway/asterisk/nobody/", "nobody", PASSWORD, "there is no gateway of that name"),
        ("/gateway/twilio/pbx/", "pbx", PASSWORD, "connect it to /gateway/asterisk/pbx/"),
        ("/elsewhere", "pbx", PASSWORD, "there is nothing at /..."),
    ],
)
async def test_who_is_not_known_is_refused_in_one_sentence(path, user, password, says, caplog) -> None:
    await new_gateway()
    async with switchboard_running():
        accepted, _ = await socket(path, user, password).connect(timeout=30)
    assert not accepted
    assert says in caplog.text
    assert PASSWORD not in caplog.text
    assert await database_sync_to_async(Call.objects.count)() == 0


@pytest.mark.parametrize("header", [None, b"Basic !!!", b"Basic /////w==", b"Bearer abc", b"Basic"])
async def test_credentials_that_cannot_be_read_are_refused(header) -> None:
    await new_gateway()
    headers = [(b"authorization", header)] if header else []
    async with switchboard_running():
        accepted, _ = await PatientCommunicator(application, "/gateway/asterisk/pbx/", headers=headers).connect(timeout=30)
    assert not accepted


async def test_the_subprotocol_is_chosen_only_if_offered() -> None:
    await new_gateway()
    async with switchboard_running():
        offering, plain = socket(), PatientCommunicator(application, "/gateway/asterisk/pbx/", headers=[basic("pbx", PASSWORD)])
        assert await offering.connect(timeout=30) == (True, "media")
        assert await plain.connect(timeout=30) == (True, None)
        await offering.disconnect(timeout=30)
        await plain.disconnect(timeout=30)


async def lets_in(password: str) -> bool:
    communicator = socket(password=password)
    accepted, _ = await communicator.connect(timeout=30)
    if accepted:
        await communicator.disconnect(timeout=30)
    return accepted


async def test_a_password_that_was_changed_counts_soon_and_the_old_one_no_more() -> None:
    assert directory.REFRESH_SECONDS <= 1, "within two seconds, says the manual"
    row = await new_gateway()
    async with switchboard_running():
        assert not await lets_in("new password")
        row.set_password("new password")
        await database_sync_to_async(row.save)()
        async with asyncio.timeout(30):
            while await lets_in(PASSWORD):  # who asks with the new one too early is taken for guessing, and has to wait
                await asyncio.sleep(0.1)
        assert await lets_in("new password")


async def test_a_process_that_is_stopping_takes_no_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    await new_gateway()
    monkeypatch.setattr(switchboard, "draining", True)
    async with switchboard_running():
        assert (await socket().connect(timeout=30))[0] is False


async def test_how_long_the_upgrade_waited_for_its_answer_is_in_the_calls_first_event() -> None:
    await new_gateway()
    async with switchboard_running(), call():
        event = await until(lambda: StreamEvent.objects.filter(kind="call_started").first())
    assert 0 < event.details["upgrade_ms"] < 30_000


# Calls -----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["ulaw-plain-hangup", "ulaw-json-dtmf", "ulaw-plain-dtmf", "slin16-json-hangup"])
async def test_a_recorded_asterisk_is_forked_to_the_byte(name: str) -> None:
    lines = [json.loads(line) for line in (RECORDINGS / f"{name}.jsonl").read_text().splitlines()]
    path = lines[0]["upgrade"]["path"].partition("?")[2]
    sent = [base64.b64decode(line["binary"]) for line in lines if line.get("from") == "asterisk" and "binary" in line]
    digits = "12#" if "dtmf" in name else ""
    content_type = "audio/x-l16;rate=16000" if "slin16" in name else "audio/x-mulaw;rate=8000"
    async with Customer() as customer:
        await new_gateway(xml(customer, contentType=content_type))
        async with switchboard_running():
            communicator = socket(f"/gateway/asterisk/pbx/?{path}")
            await communicator.connect(timeout=30)
            for line in lines:
                if line.get("from") == "asterisk" and ("text" in line or "binary" in line):
                    binary = base64.b64decode(line["binary"]) if "binary" in line else None
                    await communicator.send_to(text_data=line.get("text"), bytes_data=binary)
            conversation = await customer.conversation()
            await conversation.until_media(len(sent))
            await communicator.disconnect(code=lines[-1]["close"]["code"], timeout=30)
            await conversation.until_closed()
    assert [media.payload for media in conversation.media] == sent
    assert [media.chunk for media in conversation.media] == list(range(1, len(sent) + 1))
    assert conversation.digits == digits
    row = await until(lambda: Call.objects.filter(state="ended").first())
    assert (row.from_number, row.to_number) == ("18005550199", "18005550100")
    assert f"call_uuid={row.uuid}" in path


async def test_early_audio_is_not_lost() -> None:
    async with Customer() as customer:
        await new_gateway(xml(customer))
        async with switchboard_running():
            communicator = socket()
            await communicator.connect(timeout=30)
            await communicator.send_to(bytes_data=b"\x01" * 160)
            await communicator.send_to(text_data=MEDIA_START)
            await communicator.send_to(bytes_data=b"\x02" * 160)
            conversation = await customer.conversation()
            await conversation.until_media(2)
            await communicator.disconnect(timeout=30)
    assert conversation.audio == b"\x01" * 160 + b"\x02" * 160


@pytest.mark.parametrize("patience", [30.0, 0.05])
async def test_nobody_hears_of_a_call_before_its_beginning_is_on_disk_and_a_disk_that_hangs_keeps_no_audio_back(
    patience: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_anew, works = SpoolFile.begin_anew, threading.Event()

    def hang(*arguments: Any) -> None:
        assert works.wait(30)
        begin_anew(*arguments)

    monkeypatch.setattr(SpoolFile, "begin_anew", hang)
    monkeypatch.setattr(consumers, "DISK_SECONDS", patience)
    async with Customer() as customer:
        await new_gateway(xml(customer))
        async with switchboard_running() as board, call() as communicator:
            await communicator.send_to(bytes_data=b"\x01" * 160)
            if patience > 1:
                await until(Call.objects.first)  # the database does not wait for the disk
                assert not customer.conversations and not board.note_queue.spool.file.path.exists()
                works.set()
            conversation = await customer.conversation()
            await conversation.until_media(1)
            assert board.note_queue.spool.file.path.exists() == (patience > 1) and conversation.audio == b"\x01" * 160
            works.set()


async def test_a_call_uuid_that_is_missing_gets_a_fresh_one_and_one_that_is_none_is_said() -> None:
    await new_gateway()
    async with switchboard_running():
        async with call():
            first = await until(Call.objects.first)
        async with call("call_uuid=not-a-uuid"):
            second = await until(lambda: Call.objects.exclude(pk=first.pk).first())
    assert first.uuid.version == 4 and second.uuid != first.uuid
    event = await database_sync_to_async(StreamEvent.objects.get)(call=second, kind="call_started")
    assert "not-a-uuid" in event.details["problem"]


async def test_a_second_socket_of_a_live_call_is_refused_and_the_first_goes_on() -> None:
    await new_gateway()
    query = "call_uuid=7d1f7a52-41a9-4c05-9d9c-9f6b3a2d7e10"
    async with switchboard_running() as board:
        async with call(query):
            await until(Call.objects.first)
            second = socket(f"/gateway/asterisk/pbx/?{query}")
            await second.connect(timeout=30)
            await second.send_to(text_data=MEDIA_START)
            assert (await second.receive_output(timeout=30))["code"] == 4409
            await second.disconnect(timeout=30)
            assert len(board.relays) == 1
    assert await database_sync_to_async(Call.objects.count)() == 1


async def test_a_call_uuid_that_was_used_before_ends_that_call_and_writes_nothing() -> None:
    row = await new_gateway()
    query = "call_uuid=7d1f7a52-41a9-4c05-9d9c-9f6b3a2d7e10"
    async with switchboard_running():
        async with call(query):
            await until(Call.objects.first)
        old = await until(lambda: Call.objects.filter(state="ended").first())
        events = await database_sync_to_async(StreamEvent.objects.count)()
        communicator = socket(f"/gateway/asterisk/pbx/?{query}")
        await communicator.connect(timeout=30)
        await communicator.send_to(text_data=MEDIA_START)
        assert (await communicator.receive_output(timeout=30))["code"] == 4409
        await communicator.disconnect(timeout=30)
    assert old.account_id == row.account_id
    assert await database_sync_to_async(StreamEvent.objects.count)() == events


@pytest.mark.parametrize(
    ("answer_xml", "code", "says"),
    [
        ("<Response><Stream>http://bot.example/</Stream></Response>", 8011, "ws"),
        ('<Response><Stream audioTrack="sideways">ws://127.0.0.1/</Stream></Response>', 8011, "audioTrack"),
        ("<!doctype html><html></html>", 8011, "HTML"),
        ("<Response><Stream>", 8011, "line"),
    ],
)
async def test_xml_that_cannot_be_carried_out_hangs_up_and_says_where(answer_xml: str, code: int, says: str) -> None:
    await new_gateway(answer_xml)
    async with switchboard_running():
        async with call() as communicator:
            assert (await communicator.receive_output(timeout=30))["text"] == "HANGUP"
            assert (await communicator.receive_output(timeout=30))["type"] == "websocket.close"
            row = await until(lambda: Call.objects.filter(state="ended").first())
    assert row.hangup_cause_code == code
    event = await database_sync_to_async(StreamEvent.objects.get)(kind="call_answer_failed")
    assert says in event.details["problem"] + event.details["place"]
    assert event.details["document"] == answer_xml


async def test_a_codec_we_do_not_speak_says_what_to_configure() -> None:
    await new_gateway()
    async with switchboard_running():
        communicator = socket()
        await communicator.connect(timeout=30)
        await communicator.send_to(text_data=MEDIA_START.replace("ulaw", "g729"))
        closed = await communicator.receive_output(timeout=30)
        await communicator.disconnect(timeout=30)
        event = await until(lambda: StreamEvent.objects.filter(kind="call_gateway_error").first())
    assert closed["code"] == 4415
    assert "g729" in event.details["text"] and "ulaw" in event.details["text"]


async def test_a_socket_that_the_server_ended_for_what_the_gateway_sent_is_ours_in_the_log() -> None:
    await new_gateway()
    async with switchboard_running():
        communicator = socket()
        await communicator.connect(timeout=30)
        await communicator.send_to(text_data=MEDIA_START)
        await until(lambda: Call.objects.filter(state="live").first())
        gone = {"type": "websocket.disconnect", "code": 1009, "reason": "received frame of 100000000 bytes", "by_server": True}
        await communicator.send_input(gone)
        await communicator.wait(timeout=30)
        row = await until(lambda: Call.objects.filter(state="ended").first())
    event = await database_sync_to_async(StreamEvent.objects.get)(kind="call_ended")
    assert (row.hangup_cause_code, event.details["our_close_code"]) == (5000, 1009)
    assert "because a message of it is too large: 1009, received frame of 100000000 bytes." in event.details["words"]


async def test_control_text_that_is_not_the_dialect_is_an_event_and_the_call_goes_on() -> None:
    async with Customer() as customer:
        await new_gateway(xml(customer))
        async with switchboard_running():
            async with call() as communicator:
                await communicator.send_to(text_data="HELO mail.example")
                await communicator.send_to(text_data='{"event":')
                await communicator.send_to(bytes_data=b"\x05" * 160)
                await until(lambda: Stream.objects.filter(state="streaming").first())
    problems = await database_sync_to_async(lambda: list(StreamEvent.objects.filter(kind="call_gateway_unreadable")))()
    assert len(problems) == 2
    assert all(problem.details["problem"] for problem in problems)


async def test_several_streams_of_one_call_and_one_that_is_refused() -> None:
    async with Customer() as good, Customer(Behaviour(refuse=9, refuse_status=403)) as bad:
        streams = "".join(f'<Stream contentType="audio/x-mulaw;rate=8000">{customer.url}</Stream>' for customer in (good, bad))
        await new_gateway(f"<Response>{streams}</Response>")
        async with switchboard_running():
            async with call() as communicator:
                for number in range(20):
                    await communicator.send_to(bytes_data=bytes([number]) * 160)
                conversation = await good.conversation()
                await conversation.until_media(20)
            await conversation.until_closed()
            rows = await until(lambda: list(Stream.objects.filter(state="ended").order_by("id"))[:2] if all_ended() else [])
    assert [media.payload for media in conversation.media] == [bytes([number]) * 160 for number in range(20)]
    assert [row.end_cause for row in rows] == ["call_ended", "call_ended"]
    assert [row.started_at is None for row in rows] == [False, True]


async def test_a_stream_to_a_host_that_is_blocked_is_refused_in_a_sentence_and_the_others_go_on() -> None:
    async with Customer() as good:
        blocked = good.url.replace("127.0.0.1", "LOCALHOST.")
        streams = "".join(f'<Stream contentType="audio/x-mulaw;rate=8000">{url}</Stream>' for url in (good.url, blocked))
        row = await new_gateway(f"<Response>{streams}</Response>")
        account = await Account.objects.aget(pk=row.account_id)
        await database_sync_to_async(host_blocks.block)(HostOf(account, "localhost"), "It floods us.", "maria")
        async with switchboard_running() as board:
            async with asyncio.timeout(10):
                while not board.directory.blocks:
                    await asyncio.sleep(0.05)
            async with call() as communicator:
                await communicator.send_to(bytes_data=b"\xff" * 160)
                conversation = await good.conversation()
                refused = await until(lambda: Stream.objects.filter(end_cause="host_blocked").first())
            await conversation.until_closed()
    assert refused.service_host == "localhost" and refused.connect_attempts == 1 and refused.hangup_reason == "Connection error"
    assert refused.end_details == "The host localhost is blocked for this account: It floods us. An operator can unblock it in the console."


def all_ended() -> bool:
    return Stream.objects.count() == 2 and not Stream.objects.exclude(state="ended").exists()


async def test_what_a_customer_plays_reaches_the_gateway_and_its_checkpoint_comes_back() -> None:
    async with Customer() as customer:
        await new_gateway(xml(customer, bidirectional="true"))
        async with switchboard_running(), call() as communicator:
            await communicator.send_to(bytes_data=b"\x55" * 160)
            conversation = await customer.conversation()
            await conversation.until_media(1)
            await conversation.say({"event": "playAudio", "media": mulaw(b"\x07" * 480)})
            await conversation.say({"event": "checkpoint", "name": "hello"})
            assert (await communicator.receive_output(timeout=30))["bytes"] == b"\x07" * 480
            mark = (await communicator.receive_output(timeout=30))["text"]
            assert mark.startswith("MARK_MEDIA ")
            await communicator.send_to(text_data=f"MEDIA_MARK_PROCESSED {mark.split()[1]}")
            await conversation.until(lambda: conversation.messages[-1]["event"] == "playedStream", "playedStream")
            await conversation.say({"event": "clearAudio"})
            await conversation.until(lambda: conversation.messages[-1]["event"] == "clearedAudio", "clearedAudio")
    assert [message.get("name") for message in conversation.messages if message["event"] == "playedStream"] == ["hello"]


def mulaw(payload: bytes) -> dict[str, object]:
    return {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": base64.b64encode(payload).decode()}


# A token that is rotated while a call is live -----------------------------------------------------------------------------------
@pytest.mark.parametrize(("wanted", "errors"), [(True, ["Unknown event type: playFailed"]), (False, [])])
async def test_the_published_sdk_does_not_know_playfailed_and_an_account_may_do_without(wanted: bool, errors: list[str]) -> None:
    heard: list[str] = []
    cleared = asyncio.Event()

    async def converse(connection: ServerConnection) -> None:
        handler = PlivoWebsocketStreamingHandler()

        @handler.on_start
        async def started(event: Any) -> None:
            await handler.send_media(b"noise", content_type="audio/opus", sample_rate=48_000)
            await handler.send_clear_audio()

        @handler.on_error
        async def failed(error: Exception) -> None:
            heard.append(str(error))

        @handler.on_cleared_audio
        async def silence(event: Any) -> None:
            cleared.set()

        await handler.handle(connection)

    async with serving(lambda listener: serve(converse, sock=listener)) as port:
        url = f"ws://127.0.0.1:{port}/"
        await new_gateway(f'<Response><Stream bidirectional="true" contentType="audio/x-mulaw;rate=8000">{url}</Stream></Response>')
        await database_sync_to_async(Account.objects.update)(play_failed_messages=wanted)
        async with switchboard_running(), call():
            await asyncio.wait_for(cleared.wait(), 30)
            assert heard == errors
    # It does not know the end of a call either.
    assert heard == [*errors, "Unknown event type: stop"]
    stream = await until(lambda: Stream.objects.filter(state="ended").first())
    assert stream.play_failures == 1


async def test_a_call_from_before_a_new_token_connects_its_next_stream_with_both() -> None:
    async with Customer() as customer:
        row = await new_gateway(xml(customer))
        account = await Account.objects.aget(pk=row.account_id)
        old = await database_sync_to_async(main_token)(account)
        async with switchboard_running() as board, call() as communicator:
            await customer.conversation(1)
            new = (await database_sync_to_async(tokens.make)(account, "next", "anna", timezone.now())).secret
            (relay,) = board.relays.values()
            async with asyncio.timeout(10):
                while new not in relay.context.tokens():
                    await asyncio.sleep(0.05)
            await communicator.send_to(bytes_data=b"\xff" * 160)
            live = await until(lambda: Call.objects.filter(uuid=relay.facts.call_id).first())
            await database_sync_to_async(control.request_start)(live, StreamRequest(customer.url), "API")
            before, after = await customer.conversation(1), await customer.conversation(2)
    url = customer.url.replace("ws://", "http://")
    for conversation, holders in ((before, [old]), (after, [new, old])):
        nonce, signatures = conversation.headers["x-plivo-signature-v3-nonce"], conversation.headers["x-plivo-signature-v3"]
        known = [token for token in (new, old) if validate_v3_signature("GET", url, nonce, token, signatures)]
        assert known == holders


async def test_an_application_that_is_asked_finds_the_call_in_the_api_already(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long a call's beginning may wait to be written with what follows."""
    monkeypatch.setattr(note_page, "GATHER_SECONDS", 600.0)
    monkeypatch.setattr(note_page, "SOON_SECONDS", 600.0)
    monkeypatch.setattr(consumers, "TOLD_SECONDS", 30.0)
    there: list[bool] = []

    def answer(request: Request) -> Response:
        there.append(Call.objects.filter(uuid=request.form["CallUUID"]).exists())
        connection.close()
        return Response("<Response/>", content_type="application/xml")

    httpserver.expect_request("/answer").respond_with_handler(answer)
    row = await new_gateway()
    applications = Application.objects.filter(pk=row.application_id)
    await database_sync_to_async(applications.update)(answer_xml="", answer_url=httpserver.url_for("/answer"))
    async with switchboard_running() as board, call():
        await asyncio.wait_for(asyncio.to_thread(heard, there), 30)
        assert await board.note_queue.written(30)
    assert there == [True]


def heard(there: list[bool]) -> None:
    while not there:
        time.sleep(0.01)
