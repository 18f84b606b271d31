"""Which processes make up an installation on one machine, and how each is known to be ready.

Owns their command lines. Must not know how they are kept running."""

import sys
import urllib.request
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from urllib.error import URLError

from config import embedded_redis
from config.child_process import manage
from config.supervisor import Service

CELERY = (sys.executable, "-m", "celery", "--quiet", "-A", "config")
WORKER = (*CELERY, "worker", "--without-gossip", "--without-mingle")
# On a machine that is there to try things the only user is often root; Celery's advice against it takes six lines.
NO_WORD_ABOUT_ROOT = "ignore:You're running the worker with superuser privileges"


def redis_service(folder: Path, socket: Path) -> Service:
    command = embedded_redis.command(embedded_redis.binary(), folder / "redis", socket)
    return Service("redis", command, ready=lambda: embedded_redis.redis_answers(socket), ready_within_seconds=15)


def worker_service(grace_seconds: float) -> Service:
    """Ready is not waited for: what it has to do waits in the database."""
    command = (*WORKER, "--loglevel", "warning")
    return Service("worker", command, grace_seconds=grace_seconds, environment={"PYTHONWARNINGS": NO_WORD_ABOUT_ROOT})


def beat_service() -> Service:
    return Service("beat", (*CELERY, "beat", "--loglevel", "warning"), grace_seconds=5)


def web(host: str, port: int, grace_seconds: float) -> Service:
    command = manage("serve", "--role", "all", "--host", host, "--port", str(port))
    return Service("web", command, ready=url_answers(f"http://{in_url(host)}:{port}/healthz"), grace_seconds=grace_seconds)


def customer(port: int) -> Service:
    return Service("customer", manage("simulate_customer", "--talk", "--port", str(port)), grace_seconds=5)


def gateway(url: str, name: str, password: str) -> Service:
    """A service that ends by itself: one call of the length of the speech, with pauses in which the customer answers."""
    command = manage("simulate_gateway", "--url", url, "--gateway", name, "--pauses", "2")
    # Not among its arguments, which everybody on the machine may list.
    return Service("gateway", command, grace_seconds=5, environment={"GATEWAY_PASSWORD": password})


def in_url(host: str) -> str:
    """How `host` stands in a URL; the address that means all of them is asked on this machine."""
    local = {str(IPv4Address(0)): "127.0.0.1", str(IPv6Address(0)): "::1"}.get(host, host)
    return f"[{local}]" if ":" in local else local


def url_answers(url: str) -> Callable[[], bool]:
    """Asks once each time it is called; True for status 200."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask() -> bool:
        try:
            with opener.open(url, timeout=2) as response:
                return bool(response.status == 200)
        except (URLError, OSError):
            return False

    return ask
