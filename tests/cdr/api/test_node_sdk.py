"""The published npm SDK, pointed at a server of ours: other paths (no slash), other bodies, the same endpoints."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cdr.api.customers import Customer, taken

NODE, NPM = shutil.which("node"), shutil.which("npm")
VERSION = "4.79.0"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not (NODE and NPM), reason="the npm SDK: Node and npm are not on this machine"),
]


@pytest.fixture(scope="module")
def package(pytestconfig: pytest.Config) -> Path:
    """A folder with the SDK in it, kept for the next run; npm writes the list of what it has installed when it is done."""
    folder = pytestconfig.cache.mkdir(f"node-sdk-{VERSION}")
    if not (folder / "node_modules" / ".package-lock.json").exists():
        install(folder)
    shutil.copy(Path(__file__).with_name("node_sdk.js"), folder)
    return folder


def install(folder: Path) -> None:
    command = [NPM or "", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts", f"plivo@{VERSION}"]
    try:
        installed = subprocess.run(command, capture_output=True, timeout=90, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        installed = False
    if not installed:
        pytest.skip("the npm SDK: npm could not install the package plivo")


@pytest.fixture
def said(live_server: Any, package: Path, acme: Customer) -> dict[str, Any]:
    """What the SDK answered to each of its calls, by name."""
    live, ended = acme.quiet_call(), acme.ended_call()
    words = [live_server.url, acme.account.auth_id, acme.auth_token, str(live.uuid), str(ended.uuid)]
    run = subprocess.run([NODE or "", "node_sdk.js", *words], cwd=package, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    return {name: answer for name, *answer in map(json.loads, run.stdout.splitlines())}


def test_every_endpoint(said: dict[str, Any]) -> None:
    (started,) = said["stream"]
    assert started["message"] == "audio streaming started"
    assert said["stream again"][0] == "error"
    assert "has an active stream of this call already" in said["stream again"][1]
    (stream,) = said["getStream"]
    assert (stream["streamId"], stream["bidirectional"], stream["status"]) == (started["streamId"], True, "initiated")
    assert [each["streamId"] for each in said["getAllStream"][0]["objects"]] == [started["streamId"]]
    assert "error" not in (said["stopStream"][0], said["stopAllStream"][0], said["hangup"][0])
    assert said["stopAllStream ended"][0] == "error"
    assert [call["totalAmount"] for call in said["list"][0]] == ["0.00300"]
    assert said["get"][0]["hangupCauseCode"] == 4000
    assert len(said["listLiveCalls"][0]) == 1
    assert said["getLiveCall"][0]["callStatus"] == "in-progress"
    assert said["sendDigits"][0]["message"] == "digits sent"
    assert said["sendDigits ended"] == ["error", "The call has ended already."]
    assert [asked.kind for asked in taken()] == ["start", "stop", "stop", "send_dtmf", "hang_up"]
