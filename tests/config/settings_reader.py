"""What a fresh process makes of an environment, asked some forty times for what two starts cost.

Owns a process that has loaded what the settings import from elsewhere, and nothing of ours: each question is a fork of it, which reads
config/settings.py for the first time. Must not know what is asked for."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

FORK_FOR_EACH_LINE = """
import json, os, sys
import celery.signals, cryptography.fernet, csp.constants, django.core.checks, kombu.transport.redis, redis.asyncio, yaml
assert not {"config", "streams", "cdr"} & {name.partition(".")[0] for name in sys.modules}
for line in sys.stdin:
    asked = json.loads(line)
    if (child := os.fork()) == 0:
        for number, file in (1, asked["stdout"]), (2, asked["stderr"]):
            os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        os.environ.clear()
        os.environ.update(asked["environment"])
        exec(asked["code"])
        sys.exit()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass(frozen=True)
class Done:
    """How a fork ended, in subprocess' words."""

    returncode: int
    stdout: str
    stderr: str


class SettingsReader:
    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self._process = process
        self._files = {"stdout": folder / "stdout", "stderr": folder / "stderr"}

    def run(self, code: str, environment: dict[str, str]) -> Done:
        """Run it with this environment and no other."""
        files = {name: str(file) for name, file in self._files.items()}
        assert self._process.stdin and self._process.stdout
        print(json.dumps({"code": code, "environment": environment, **files}), file=self._process.stdin, flush=True)
        returncode = int(self._process.stdout.readline())
        return Done(returncode, **{name: file.read_text() for name, file in self._files.items()})


@contextmanager
def settings_reader(folder: Path) -> Iterator[SettingsReader]:
    """It ends with its input."""
    command = [sys.executable, "-c", FORK_FOR_EACH_LINE]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield SettingsReader(process, folder)
