"""A real Redis for the tests that need one: the embedded server, which can be killed and started again."""

import asyncio
import subprocess
import time
from pathlib import Path

from django.conf import settings
from kombu import pools
from redis.asyncio import Redis

from config import embedded_redis
from streams.delivery import broker


def hang_up_on_the_broker() -> None:
    """Ends the connections that this process keeps for nudges, and forgets which broker they were to."""
    broker._producers.forget()
    pools.reset()


class RedisServer:
    """Listens on the socket the settings name; `kill` is SIGKILL."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        socket = settings.EMBEDDED_REDIS_SOCKET
        self.process = subprocess.Popen(embedded_redis.command(embedded_redis.binary(), self.folder, socket), stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not embedded_redis.redis_answers(socket):
            assert time.monotonic() < deadline, "the embedded Redis did not start"
            time.sleep(0.01)

    async def until_heard(self, group: str) -> None:
        """Until somebody has subscribed to a group of the channel layer; a message sent earlier is heard by nobody."""
        channel = f"streamdesk__group__{group}"  # as channels-redis names it, with the prefix of our settings
        async with asyncio.timeout(30):
            async with Redis(unix_socket_path=str(settings.EMBEDDED_REDIS_SOCKET)) as client:
                while not (await client.pubsub_numsub(channel))[0][1]:
                    await asyncio.sleep(0.01)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
        settings.EMBEDDED_REDIS_SOCKET.unlink(missing_ok=True)
