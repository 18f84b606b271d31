"""docs/tutorial.md as somebody follows it: its bot, its customer, its Asterisk and its commands, as they stand there, with other ports and
the passwords that are shown. The first half always; what wants an Asterisk where there is one."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import NamedTuple

import pytest

from streams.simulate.call_plan import CallPlan, CallRefused, CallReport
from streams.simulate.gateway import place_call
from tests.docs.blocks import block
from tests.free_port import free_port
from tests.journeys import real_asterisk
from tests.journeys.console import Console
from tests.journeys.installation import Web
from tests.journeys.page import Page
from tests.journeys.processes import ChildProcess, clean_environment
from tests.journeys.real_asterisk import Asterisk, filled_in
from tests.journeys.stage import plan, speech
from tests.left_open import outliving_the_test

PAGE = "docs/tutorial.md"
TEXT = (real_asterisk.ROOT / PAGE).read_text()
FIELDS = dict(re.findall(r"^\| ([\w ]+) \| `?(.*?)`? \|$", TEXT.partition("| field |")[2].partition("\n\n")[0], re.MULTILINE))
FIELD_NAMES = {"Customer": "name", "Service URL": "service_url", "It talks back": "talks", "Gateway": "dialect"}
CALLERS = """
app_playtones res_clioriginate res_sorcery_astdb res_pjproject res_pjsip res_pjsip_pubsub
res_pjsip_session res_pjsip_sdp_rtp res_pjsip_authenticator_digest
res_pjsip_endpoint_identifier_user res_pjsip_registrar res_rtp_asterisk chan_pjsip
"""
"""Modules that an Asterisk which loads all it has brings by itself."""


class Bot:
    """bot.py, in a folder of its own, at another port."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.file = folder / "bot.py"
        self.file.write_text(block(PAGE, "import asyncio").replace("9001", str(self.port)))
        self.start()

    def start(self) -> None:
        # The platform's environment has what `pip install websockets` would bring.
        command = [sys.executable, *block(PAGE, ".venv/bin/python bot.py").split()[1:]]
        self.process = ChildProcess("bot", command, self.file.parent, clean_environment())
        self.process.wait_for_line(rf"Waiting at ws://127\.0\.0\.1:{self.port}/")


class Customer(NamedTuple):
    """What the page of the new customer shows once; its gateway is called so."""

    gateway: str
    page: Page
    auth_id: str
    auth_token: str
    password: str


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    bot = Bot(tmp_path_factory.mktemp("bot"))
    yield bot
    bot.process.stop()


@pytest.fixture(scope="module")
def customer(console: Console, bot: Bot) -> Customer:
    form = console.get("/admin/streams/account/new-customer/").form()
    written = {FIELD_NAMES[field]: value.replace("9001", str(bot.port)) for field, value in FIELDS.items()}
    # Others have a customer of that name: another journey, and this one where it is begun with one test and gone on with later.
    gateway = f"wonka-{bot.port}"
    page = console.submit(form, **written | {"name": f"Wonka {bot.port}", "gateway_name": gateway})
    shown = (unescape(re.findall(rf'id="secret-{name}">([^<]+)<', page.html)[0]) for name in ("id", "token", "password"))
    return Customer(gateway, page, *shown)


def asked(customer: Customer, web: Web, beginning: str, **names: str) -> list[dict[str, str]]:
    """What one of the commands of the page answers."""
    script = block(PAGE, "API=").partition("\n")[0].replace("http://127.0.0.1:8000", web.http_url) + "\n"
    script += "\n".join(line for line in block(PAGE, beginning).splitlines() if line.startswith("curl"))
    environment = os.environ | {"AUTH_ID": customer.auth_id, "AUTH_TOKEN": customer.auth_token, **names}
    done = subprocess.run(["bash", "-euc", script], env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    objects: list[dict[str, str]] = json.loads(done.stdout)["objects"]
    return objects


def dialplan_of_the_page(page: Page) -> str:
    return unescape(re.findall(r'id="lines-2"[^>]*>(.*?)</pre>', page.html, re.DOTALL)[0])


async def called(wanted: CallPlan) -> CallReport:
    """A gateway that was made just now is known within two seconds; not so often that it would be taken for guessing."""
    for _ in range(4):
        try:
            return await place_call(wanted)
        except CallRefused:
            await asyncio.sleep(0.8)
    return await place_call(wanted)


async def over(customer: Customer, web: Web, call: str = "") -> str:
    """The UUID of the newest call, or of `call`, once the API lists it."""
    for _ in range(100):
        listed = [each["call_uuid"] for each in await asyncio.to_thread(asked, customer, web, "API=")]
        if call in listed or (listed and not call):
            return call or listed[0]
        await asyncio.sleep(0.1)
    raise AssertionError(f"the API lists no call {call}")


def log_of(customer: Customer, web: Web, call: str) -> list[str]:
    [stream] = asked(customer, web, 'curl -fsS -u "$AUTH_ID:$AUTH_TOKEN" "$API/Call/$CALL/Stream/"', CALL=call)
    beginning = 'curl -fsS -u "$AUTH_ID:$AUTH_TOKEN" "$API/Call/$CALL/Stream/$STREAM'
    return [line["message"] for line in asked(customer, web, beginning, CALL=call, STREAM=stream["stream_id"])]


@pytest.mark.skipif(not os.access("/usr/bin/curl", os.X_OK), reason="the tutorial's commands: there is no curl here")
async def test_a_bot_of_a_dozen_lines_answers_and_its_absence_is_said(customer: Customer, bot: Bot, web: Web) -> None:
    assert (
        {*FIELDS} == {*FIELD_NAMES}
        and "Place a test call" in customer.page.text
        and FIELDS["Customer"].lower() in block(PAGE, "[streamdesk]")
    )
    assert block(PAGE, "[to-streamdesk]").startswith(dialplan_of_the_page(customer.page)), "the tutorial's lines are those of the page"
    given = {"gateway": customer.gateway, "password": customer.password}
    report = await called(plan(web, frames=speech(1), dtmf="19#", **given))
    log = await asyncio.to_thread(log_of, customer, web, await over(customer, web))
    assert any("began to play audio to the call" in line for line in log), "\n".join(log)
    bot.process.wait_for_line(r"'event': 'start'.*'callId'")
    bot.process.wait_for_line(r"'event': 'dtmf'.*'digit': '#'")
    assert report.frames_played > 25, report

    bot.process.stop()
    missed = plan(web, frames=speech(5), **given)
    await place_call(missed)
    log = await asyncio.to_thread(log_of, customer, web, await over(customer, web, missed.call_uuid))
    said = block(PAGE, "Connection attempt 1 failed").strip().replace("9001", str(bot.port))
    assert any(line.startswith(said) for line in log), "\n".join(log)
    with outliving_the_test():  # which stopped the one before
        bot.start()


@pytest.mark.slow
@pytest.mark.skipif(real_asterisk.command() is None, reason=real_asterisk.MISSING)
async def test_an_asterisk_with_the_three_files_calls_in(customer: Customer, bot: Bot, web: Web, tmp_path: Path) -> None:
    url = f"{web.ws_url}/gateway/asterisk/{customer.gateway}/"
    client = filled_in(block(PAGE, "[streamdesk]"), {"uri": url, "username": customer.gateway, "password": customer.password})
    phone = filled_in(block(PAGE, "[lan]"), {"bind": f"127.0.0.1:{free_port()}"})
    files = {"websocket_client.conf": client, "extensions.conf": block(PAGE, "[to-streamdesk]"), "pjsip.conf": phone}
    asterisk = Asterisk(tmp_path, files, CALLERS)
    try:
        assert "to-streamdesk" in asterisk.typed("pjsip show endpoint phone"), asterisk.process.output
        said = len(bot.process.lines)
        asterisk.typed(re.findall(r'-rx "(.*)"', TEXT)[0])
        # Not its 'stop': a bot that is still answering the frame before finds its connection closed, and reads no more.
        for pattern in (r"'event': 'start'", r"'digit': '1'", r"'digit': '9'", r"'digit': '#'"):
            await asyncio.to_thread(asterisk.until, lambda: re.search(pattern, "\n".join(bot.process.lines[said:])), pattern)  # noqa: B023
        begun = next(line for line in bot.process.lines[said:] if "'start'" in line)
        call = await over(customer, web, re.findall(r"'callId': '([^']+)'", begun)[0])
        log = await asyncio.to_thread(log_of, customer, web, call)
        assert any("began to play audio to the call" in line for line in log), "\n".join(log)
    finally:
        asterisk.stop()
