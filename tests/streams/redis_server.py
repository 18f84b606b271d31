"""A real Redis for the tests that need one: the embedded server, which can be killed and started again."""

import subprocess
import time
from pathlib import Path

from django.conf import settings

from config import embedded_redis


class RedisServer:
    """Listens on the socket the settings name; `kill` is SIGKILL."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        socket = settings.EMBEDDED_REDIS_SOCKET
        self.process = subprocess.Popen(embedded_redis.command(embedded_redis.binary(), self.folder, socket), stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not embedded_redis.answers(socket):
            assert time.monotonic() < deadline, "the embedded Redis did not start"
            time.sleep(0.01)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
        settings.EMBEDDED_REDIS_SOCKET.unlink(missing_ok=True)
