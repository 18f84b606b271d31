"""The settings of seeing inside, and what they come to: who may read the figures, and where a worker serves its own.

Owns their names, defaults and refusals."""

from typing import NamedTuple

from django.core.exceptions import ImproperlyConfigured

from config.dialling import LOOPBACK
from config.environment import Environment
from streams.guard import Network

SHORTEST_TOKEN = 24
MAKE_ONE = "Have a machine make one: python3 -c 'import secrets; print(secrets.token_urlsafe(30))'"


class Monitoring(NamedTuple):
    """`worker`: host and port; port 0: nowhere."""

    allow: tuple[Network, ...]
    token: str
    worker: tuple[str, int]


def monitoring(env: Environment, *, embedded: bool) -> Monitoring:
    found = Monitoring(
        env.networks("METRICS_ALLOW", LOOPBACK if embedded else ""), env.text("METRICS_TOKEN"), env.address("WORKER_METRICS")
    )
    if 0 < len(found.token) < SHORTEST_TOKEN:
        raise ImproperlyConfigured(f"METRICS_TOKEN has {len(found.token)} characters, and needs at least {SHORTEST_TOKEN}. {MAKE_ONE}")
    if found.worker[1] and not (found.token or found.allow):
        raise ImproperlyConfigured("WORKER_METRICS is set, and nobody may read there. Set METRICS_ALLOW or METRICS_TOKEN as well.")
    return found
