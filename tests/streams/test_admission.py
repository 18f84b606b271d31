"""Where a gateway's credentials may stand: header, path, query, or a signature instead; and that no secret goes any further."""

import logging

import pytest
from channels.db import database_sync_to_async

from streams.admission import caller_of, loggable_path
from streams.gateways.directory import KnownGateway
from streams.models import Gateway
from streams.pure.gateway.twilio_signature import signature
from tests.patient_communicator import PatientCommunicator
from tests.streams.gateway_socket import PASSWORD, application, basic, switchboard_running
from tests.streams.rows import gateway

TOKEN, HOST = "0123456789abcdef", "calls.example.org"
SPACELESS = "correct-horse-battery"


def new_gateway(**changes: str) -> Gateway:
    row = gateway("pbx", "<Response/>", SPACELESS)
    for column, value in {"dialect": "twilio", **changes}.items():
        setattr(row, column, value)
    row.save()
    return row


async def accepted(path: str, *headers: tuple[bytes, bytes]) -> bool:
    communicator = PatientCommunicator(application, path, headers=list(headers))
    answer, _ = await communicator.connect(timeout=30)
    if answer:
        await communicator.disconnect(timeout=30)
    return bool(answer)


@pytest.mark.django_db(transaction=True)
class TestPasswords:
    @pytest.mark.parametrize(
        ("path", "password", "comes_in"),
        [
            ("/gateway/twilio/pbx/", SPACELESS, True),
            (f"/gateway/twilio/pbx/{SPACELESS}/", None, True),
            (f"/gateway/twilio/pbx/{SPACELESS}", None, True),
            (f"/gateway/twilio/pbx/?password={SPACELESS}", None, True),
            ("/gateway/twilio/pbx/", None, False),
            ("/gateway/twilio/pbx/?password=", None, False),
            ("/gateway/twilio/pbx/wrong/", None, False),
            ("/gateway/twilio/pbx/?password=wrong", None, False),
            # What stands in the header counts, though the path would do.
            (f"/gateway/twilio/pbx/{SPACELESS}/", "wrong", False),
            (f"/gateway/twilio/pbx/{SPACELESS}/more/", None, False),
            (f"/gateways/twilio/pbx/{SPACELESS}", None, False),
        ],
    )
    async def test_by_header_path_or_query_and_never_in_the_log(self, path, password, comes_in, caplog) -> None:
        caplog.set_level(logging.DEBUG)
        await database_sync_to_async(new_gateway)()
        async with switchboard_running():
            assert await accepted(path, *([basic("pbx", password)] if password else [])) is comes_in
        assert SPACELESS not in caplog.text

    async def test_they_are_asked_of_every_dialect(self) -> None:
        await database_sync_to_async(new_gateway)(dialect="audio_fork")
        async with switchboard_running():
            assert await accepted(f"/gateway/audio_fork/pbx/{SPACELESS}/")
            assert not await accepted(f"/gateway/twilio/pbx/{SPACELESS}/")


@pytest.mark.django_db(transaction=True)
class TestSignatures:
    @pytest.mark.parametrize(
        ("url", "token", "says"),
        [
            (f"wss://{HOST}/gateway/twilio/pbx/?a=1", TOKEN, ""),
            (f"https://{HOST}/gateway/twilio/pbx/?a=1", TOKEN, ""),
            (f"wss://{HOST}/gateway/twilio/pbx/", TOKEN, "does not fit"),
            (f"wss://{HOST}/gateway/twilio/pbx/?a=1", "another", "does not fit"),
        ],
    )
    async def test_a_gateway_with_a_token_is_known_by_its_signature(self, url, token, says, caplog) -> None:
        await database_sync_to_async(new_gateway)(signing_token=TOKEN)
        headers = [(b"host", HOST.encode()), (b"x-twilio-signature", signature(token, url).encode())]
        async with switchboard_running():
            assert await accepted("/gateway/twilio/pbx/?a=1", *headers) is (not says)
        assert says in caplog.text
        assert TOKEN not in caplog.text

    async def test_its_password_is_no_way_round_the_signature(self, caplog) -> None:
        await database_sync_to_async(new_gateway)(signing_token=TOKEN)
        async with switchboard_running():
            assert not await accepted("/gateway/twilio/pbx/", basic("pbx", SPACELESS))
        assert "no X-Twilio-Signature" in caplog.text

    async def test_a_signature_is_nothing_to_a_gateway_without_a_token(self) -> None:
        await database_sync_to_async(new_gateway)()
        headers = [(b"host", HOST.encode()), (b"x-twilio-signature", signature("", f"wss://{HOST}/gateway/twilio/pbx/").encode())]
        async with switchboard_running():
            assert not await accepted("/gateway/twilio/pbx/", *headers)


def test_the_password_of_the_query_stays_here() -> None:
    entry = KnownGateway(1, "pbx", "twilio", "", 1, "", "", "", 1, "", "", "")
    scope = {"headers": [], "query_string": f"rate=8000&password={PASSWORD}".encode(), "client": ("10.0.0.1", 5)}
    assert caller_of(scope, entry).query == {"rate": "8000"}


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/elsewhere", "/elsewhere"),
        ("/gateway/twilio/pbx", "/gateway/twilio/pbx"),
        ("/gateway/twilio/pbx/", "/gateway/twilio/pbx"),
        ("/gateways/twilio/pbx/secret", "/gateways/twilio/pbx/..."),
        ("/gateway/twilio/pbx/secret/more/", "/gateway/twilio/pbx/..."),
    ],
)
def test_what_may_be_a_password_in_a_path_is_not_shown(path: str, shown: str) -> None:
    assert loggable_path(path) == shown
