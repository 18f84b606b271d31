"""Where a gateway's credentials may stand: header, path, query, or a signature instead; and that no secret goes any further."""

import asyncio
import logging
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.conf import settings

from streams.admission import Rejected, caller_of, loggable_path
from streams.gateways.directory import KnownGateway
from streams.models import Gateway, GatewayRefusal
from streams.pure.gateway.refusal import Reason
from streams.pure.gateway.twilio_signature import signature
from tests.patient_communicator import PatientCommunicator
from tests.streams.gateway_socket import PASSWORD, application, basic, switchboard_running, until
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
    entry = KnownGateway(1, "pbx", "twilio", "", 1, "", "", "", 1, "", "")
    scope = {"headers": [], "query_string": f"rate=8000&password={PASSWORD}".encode(), "client": ("10.0.0.1", 5)}
    assert caller_of(scope, entry).query == {"rate": "8000"}


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/elsewhere", "/..."),
        ("/gateway/twilio/pbx", "/gateway/twilio/pbx"),
        ("/gateway/twilio/pbx/", "/gateway/twilio/pbx"),
        ("/gateways/twilio/pbx/secret", "/gateways/twilio/pbx/..."),
        ("/gateway/twilio/pbx/secret/more/", "/gateway/twilio/pbx/..."),
        ("/gateway/pbx/correct-horse-battery/", "/gateway/pbx/..."),
        ("/correct-horse-battery/", "/..."),
    ],
)
def test_what_may_be_a_password_in_a_path_is_not_shown(path: str, shown: str) -> None:
    assert loggable_path(path, ["pbx"]) == shown


@pytest.mark.django_db(transaction=True)
async def test_a_password_in_the_place_of_a_name_reaches_neither_log_nor_row(caplog: pytest.LogCaptureFixture) -> None:
    await database_sync_to_async(new_gateway)()
    there, mistyped = SPACELESS, SPACELESS.replace("horse", "house")
    async with switchboard_running() as board:
        await board.directory.find("pbx")
        for word in (there, mistyped):
            paths = [
                f"/gateway/{word}/pbx/",
                f"/gateway/twilio/{word}/",
                f"/gateway/twilio/{word}/pbx/",
                f"/gateway/pbx/{word}",
                f"/{word}",
            ]
            for path in (*paths, f"/gateway/twilio/pbx/{mistyped}", f"/gateway/twilio/pbx/{word}/more/", f"/gateway/{word}/{word}/x/"):
                assert not await accepted(path), path
        async with asyncio.timeout(20):
            while board.refusals._tally:
                await asyncio.sleep(0.05)
    rows = str(await database_sync_to_async(lambda: list(GatewayRefusal.objects.values()))())
    assert "no_such_path" in rows and "unknown_gateway" in rows and "wrong_password" in rows
    assert not [word for word in (there, mistyped) for told in (rows, caplog.text) if word in told]


# Guessing ----------------------------------------------------------------------------------------------------------------
HOME, AWAY = "203.0.113.5", "198.51.100.7"


async def tried(password: str, address: str = HOME, name: str = "pbx") -> bool:
    communicator = PatientCommunicator(application, f"/gateway/twilio/{name}/", headers=[basic(name, password)])
    communicator.scope["client"] = (address, 5060)
    answer, _ = await communicator.connect(timeout=30)
    if answer:
        await communicator.disconnect(timeout=30)
    return bool(answer)


@pytest.mark.django_db(transaction=True)
class TestGuessing:
    async def test_a_guesser_is_refused_before_a_password_is_looked_at_and_nobody_else(self, caplog, monkeypatch) -> None:
        await database_sync_to_async(new_gateway)()
        hashed = []
        monkeypatch.setattr(KnownGateway, "accepts", lambda entry, password: hashed.append(password) or password == SPACELESS)
        async with switchboard_running():
            assert not any([await tried(f"guess {number}") for number in range(20)])
            assert len(hashed) < 10
            assert not await tried(SPACELESS)
            assert len(hashed) < 10
            assert await tried(SPACELESS, AWAY)
            row = await until(GatewayRefusal.objects.select_related("gateway").filter(reason=Reason.TOO_MANY_GUESSES).first)
        assert (row.gateway.name, row.address) == ("pbx", HOME) and "The next try counts in" in caplog.text
        assert len([line for line in caplog.messages if line.startswith("Gateway refused: ")]) < 10

    async def test_an_ipv6_network_of_one_customer_is_one_guesser(self) -> None:
        await database_sync_to_async(new_gateway)()
        async with switchboard_running():
            for number in range(20):
                await tried("guess", f"2001:db8:0:7::{number:x}")
            assert not await tried(SPACELESS, "2001:db8:0:7:ffff::1")
            assert await tried(SPACELESS, "2001:db8:0:8::1")

    async def test_who_signs_is_not_slowed_down_by_others_behind_the_same_address(self) -> None:
        await database_sync_to_async(new_gateway)(signing_token=TOKEN)
        url = f"wss://{HOST}/gateway/twilio/pbx/"
        right, wrong = [(b"x-twilio-signature", signature(token, url).encode()) for token in (TOKEN, "another")]
        async with switchboard_running():
            assert not any([await accepted("/gateway/twilio/pbx/", (b"host", HOST.encode()), wrong) for _ in range(20)])
            assert await accepted("/gateway/twilio/pbx/", (b"host", HOST.encode()), right)


# The line that programs read -----------------------------------------------------------------------------------------------
def failregex() -> re.Pattern[str]:
    """That of the manual, as fail2ban reads it: on what is left of a line without its time."""
    manual = (Path(settings.BASE_DIR) / "docs/operation.md").read_text()
    written = next(line.partition(" = ")[2] for line in manual.splitlines() if line.startswith("failregex = "))
    return re.compile(written.replace("<ADDR>", r"(?P<address>[0-9a-f.:]+)"))


def line_of(error: Rejected) -> str:
    """Without its time."""
    record = logging.LogRecord("streams.consumers", logging.WARNING, "", 0, "Gateway refused: %s", (error,), None)
    formatters: Any = settings.LOGGING["formatters"]
    formatter = logging.Formatter(formatters["plain"]["format"], style="{")
    return formatter.format(record).removeprefix(record.asctime)


@pytest.mark.parametrize("address", [HOME, "2001:db8:0:7::1"])
@pytest.mark.parametrize(
    "name",
    [
        "pbx",
        f"x Gateway refused: address={AWAY} reason=wrong_password ",
        f"x\n2026-01-01 00:00:00,000 WARNING streams.consumers: {AWAY}",
        "\x00\u2028",
    ],
)
def test_the_manuals_filter_finds_who_guessed_and_nobody_that_he_names(address: str, name: str) -> None:
    scope: dict[str, Any] = {"url_route": {"kwargs": {"gateway": name, "dialect": "asterisk"}}, "client": (address, 5060), "headers": []}
    for reason, counts in (
        (Reason.WRONG_PASSWORD, True),
        (Reason.UNKNOWN_GATEWAY, True),
        (Reason.WRONG_SIGNATURE, False),
        (Reason.STOPPING, False),
    ):
        line = line_of(Rejected(scope, reason, "words."))
        assert len(line.splitlines()) == 1
        found = failregex().search(line)
        assert (found["address"] if found else None) == (address if counts else None)


# Without TLS -----------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("https", "scheme", "address", "comes_in"),
    [
        (True, "ws", HOME, False),
        (True, "wss", HOME, True),
        (True, "ws", "127.0.0.1", True),
        (True, "ws", "10.1.2.3", True),
        (False, "ws", HOME, True),
    ],
)
async def test_with_https_a_password_without_tls_is_not_looked_at(  # noqa: PLR0917 - four parameters and two fixtures
    https, scheme, address, comes_in, settings, monkeypatch
) -> None:
    settings.HTTPS, settings.PLAIN_ALLOW = https, (ip_network("127.0.0.0/8"), ip_network("10.1.0.0/16"))
    await database_sync_to_async(new_gateway)()
    looked = []
    monkeypatch.setattr(KnownGateway, "accepts", lambda entry, password: looked.append(password) or password == SPACELESS)
    async with switchboard_running():
        communicator = PatientCommunicator(application, f"/gateway/twilio/pbx/{SPACELESS}/")
        communicator.scope |= {"client": (address, 5060), "scheme": scheme}
        accepted, _ = await communicator.connect(timeout=30)
        assert accepted is comes_in and bool(looked) is comes_in
        if accepted:
            await communicator.disconnect(timeout=30)
        else:
            assert await until(GatewayRefusal.objects.filter(reason=Reason.NO_TLS, name="pbx").first)
