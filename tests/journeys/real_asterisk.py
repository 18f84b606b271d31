"""A real Asterisk with nothing but what its documentation page of ours says to paste, and callers that talk, echo and press digits.

Owns finding it, its configuration in a folder of its own, and its REST interface (ARI). What is pasted is read from docs/gateways."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.free_port import free_port
from tests.journeys.processes import ChildProcess

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "gateways" / "asterisk.md"
UNPACKED = ROOT / "build" / "asterisk"
"""Where `make asterisk` unpacks Debian's."""
MISSING = "the journeys of a real Asterisk: set ASTERISK_BIN to one with chan_websocket (22.6 or later), or run `make asterisk` as root"

FIRST_WITH_WEBSOCKETS = {20: 16, 21: 11, 22: 6, 23: 0}
ARI_USER, ARI_PASSWORD = "journeys", "journeys-ari"
MODULES = """
pbx_config app_dial app_playback app_senddtmf app_echo app_stasis app_verbose func_callerid func_uri func_uuid func_channel func_strings
format_pcm format_sln codec_ulaw codec_alaw codec_g722 codec_gsm codec_resample bridge_simple bridge_softmix bridge_builtin_features
res_sorcery_memory res_http_websocket res_websocket_client chan_websocket res_timing_timerfd res_stasis res_stasis_recording
res_stasis_playback res_stasis_snoop res_stasis_answer res_ari res_ari_model res_ari_applications res_ari_events res_ari_channels
res_ari_bridges res_ari_asterisk res_audiosocket chan_audiosocket
"""
OTHER_DIALS = {"plain": "c(ulaw)", "slin16": "c(slin16)f(json)", "g722": "c(g722)f(json)", "gsm": "c(gsm)f(json)"}
"""Contexts to-streamdesk-KIND, and what their Dial has instead of c(ulaw)f(json)."""
CALLERS = """
[callers]
exten => talk,1,Answer()
 same => n,Playback({sound})
 same => n,SendDTMF(19#,100,100)
 same => n,Wait(0.5)
 same => n,Hangup()
exten => echo,1,Answer()
 same => n,Playback({sound})
 same => n,Echo()

[party]
exten => _X.,1,Answer()
 same => n,Playback({sound})
 same => n,Wait(60)
"""


@cache
def command() -> list[str] | None:
    """How Asterisk is started here; None where there is none with chan_websocket."""
    given = os.environ.get("ASTERISK_BIN") or shutil.which("asterisk")
    found = [given] if given else unpacked()
    return found if found and has_websockets(found) else None


def unpacked() -> list[str] | None:
    """Debian's packages in a folder, started by their own loader: they need not fit the system around them."""
    loader = next(iter(UNPACKED.glob("usr/lib*/ld-linux-*.so.*")), None)
    if loader is None or not (UNPACKED / "usr/sbin/asterisk").exists():
        return None
    libraries = ":".join(map(str, [*UNPACKED.glob("usr/lib/*-linux-gnu"), UNPACKED / "usr/lib"]))
    return [str(loader), "--library-path", libraries, str(UNPACKED / "usr/sbin/asterisk")]


def has_websockets(asterisk: list[str]) -> bool:
    said = subprocess.run([*asterisk, "-V"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"Asterisk (?:certified[/-])?(\d+)\.(\d+)", said)
    series, minor = (int(part) for part in version.groups()) if version else (0, 0)
    return minor >= FIRST_WITH_WEBSOCKETS.get(series, 0 if series > 23 else 1000)


def pasted(beginning: str) -> str:
    """The block of code on the documentation's page that begins so."""
    blocks = re.findall(r"```\w*\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return next(block for block in blocks if block.startswith(beginning))


def of_the_page(folder: Path, gateway_url: str, password: str, frames: list[bytes], **given: str) -> dict[str, str]:
    """The files that the page has to paste. Gateway and password take the place of its examples, and so does what else is `given`; callers
    say `frames`."""
    sound = folder / "sound"
    sound.with_suffix(".ulaw").write_bytes(b"".join(frames))
    name = gateway_url.rstrip("/").rpartition("/")[2]
    client = filled_in(pasted("[streamdesk]"), {"uri": gateway_url, "username": name, "password": password, "tls_enabled": "no", **given})
    dialplan = pasted("[to-streamdesk]")
    others = "".join(
        dialplan.replace("[to-streamdesk]", f"[to-streamdesk-{kind}]").replace("c(ulaw)f(json)", options)
        for kind, options in OTHER_DIALS.items()
    )
    return {"websocket_client.conf": client, "extensions.conf": dialplan + others + CALLERS.format(sound=sound)}


def filled_in(text: str, given: Mapping[str, str]) -> str:
    """A file to paste with other values, each of which it has to have."""
    for key, value in given.items():
        text, count = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
        assert count == 1, f"{key} is not in the lines to paste"
    return text


class Asterisk:
    """One that runs with these `files`, by their names, beside those that any of ours has; and with `modules` more than they need."""

    def __init__(self, folder: Path, files: Mapping[str, str], modules: str = "") -> None:
        self.folder = folder
        self.port = free_port()
        self._configure(files, modules)
        asterisk = command()
        assert asterisk is not None
        self.command = [*asterisk, "-C", str(folder / "asterisk.conf")]
        self.process = ChildProcess("asterisk", [*self.command, "-f", "-n", "-vvv"], folder, {"PATH": os.environ["PATH"], "TERM": "dumb"})
        self.process.wait_for_line(r"Asterisk Ready")

    def _configure(self, files: Mapping[str, str], modules: str) -> None:
        for name, text in files.items():
            self.write(name, text)
        self.write("asterisk.conf", "[directories]\n" + "".join(f"{name} => {place}\n" for name, place in self._places().items()))
        self.write("modules.conf", "[modules]\nautoload = no\npreload = res_sorcery_config.so\n" + loads(modules))
        self.write("logger.conf", "[logfiles]\nconsole => notice,warning,error,verbose\n")
        self.write("http.conf", f"[general]\nenabled = yes\nbindaddr = 127.0.0.1\nbindport = {self.port}\n")
        self.write("ari.conf", f"[general]\nenabled = yes\n[{ARI_USER}]\ntype = user\npassword = {ARI_PASSWORD}\n")

    def _places(self) -> dict[str, Path]:
        """What it writes goes into the folder; what it brings is where its packages put it."""
        names = ("etc", "varlib", "db", "key", "agi", "spool", "run", "log")
        places = {f"ast{name}dir": self.folder for name in names}
        asterisk = command() or []
        if str(UNPACKED / "usr/sbin/asterisk") in asterisk:
            places["astmoddir"] = next(UNPACKED.glob("usr/lib/*/asterisk/modules"))
            places["astdatadir"] = UNPACKED / "usr/share/asterisk"
        return places

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    # What it is told -----------------------------------------------------------------------------------------------------
    def call(self, caller: str, context: str = "to-streamdesk", from_number: str = "+18005550199", to_number: str = "18005550100") -> str:
        """A caller that does what `caller` says (talk, echo) dials Streamdesk; returns the id of its channel."""
        does = {"context": "callers", "extension": caller, "callerId": from_number, "formats": "ulaw"}
        return str(self.ari("POST", "channels", endpoint=f"Local/{to_number}@{context}", **does)["id"])

    def call_from_audio_socket(self, port: int, context: str = "to-streamdesk", to_number: str = "18005550100") -> str:
        """The caller that waits at `port` (tests/journeys/audio_socket.py) is connected with Streamdesk; returns its channel's id."""
        does = {"context": context, "extension": to_number, "priority": "1", "callerId": "+18005550199", "formats": "slin"}
        return str(self.ari("POST", "channels", endpoint=f"AudioSocket/127.0.0.1:{port}/{uuid.uuid4()}", **does)["id"])

    def channels(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ari("GET", "channels")
        return found

    def until(self, arrived: Callable[[], Any], what: str, timeout_seconds: float = 15) -> Any:
        """Asterisk is asked over and over: it says nothing by itself."""
        deadline = time.monotonic() + timeout_seconds
        while not (found := arrived()):
            assert time.monotonic() < deadline, f"{what} never came. Asterisk said:\n{self.process.output}"
            time.sleep(0.05)
        return found

    def ari(self, method: str, path: str, **query: str) -> Any:
        url = f"http://127.0.0.1:{self.port}/ari/{path}?{urllib.parse.urlencode(query)}"
        login = b64encode(f"{ARI_USER}:{ARI_PASSWORD}".encode()).decode()
        request = urllib.request.Request(url, b"" if method == "POST" else None, {"Authorization": f"Basic {login}"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {url}: {error} {error.read()!r}") from error

    def typed(self, words: str) -> str:
        """What Asterisk's own console answers: `asterisk -rx WORDS`."""
        done = subprocess.run([*self.command, "-rx", words], capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def shell(self, script: str) -> str:
        done = subprocess.run(["sh", "-euc", script], capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def die(self) -> None:
        self.process.signal(signal.SIGKILL)

    def stop(self) -> None:
        self.process.stop()


def loads(more: str) -> str:
    return "".join(f"load = {name}.so\n" for name in [*MODULES.split(), *more.split()])
