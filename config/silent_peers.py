"""What is set on connections to PostgreSQL and Redis so that one that went silent (no FIN, no RST: a failover, a firewall that forgot it)
is noticed within ten seconds, where the system's own defaults take two hours, or fifteen minutes with data on the way.

Owns those numbers. What an application does about a peer that still answers on TCP and on nothing else is its own affair."""

import socket
from typing import Any
from urllib.parse import urlsplit

IDLE_SECONDS, INTERVAL_SECONDS, PROBES = 4, 2, 3
UNANSWERED_MS = 10_000
REDIS_ANSWER_SECONDS, REDIS_CONNECT_SECONDS, REDIS_CHECK_SECONDS = 2, 1, 5

LIBPQ = {
    "connect_timeout": "3",
    "tcp_user_timeout": str(UNANSWERED_MS),
    "keepalives": "1",
    "keepalives_idle": str(IDLE_SECONDS),
    "keepalives_interval": str(INTERVAL_SECONDS),
    "keepalives_count": str(PROBES),
}
"""Parameters of DATABASE_URL win over these; none of them counts for a Unix socket."""

_OPTIONS = {"TCP_KEEPIDLE": IDLE_SECONDS, "TCP_KEEPINTVL": INTERVAL_SECONDS, "TCP_KEEPCNT": PROBES, "TCP_USER_TIMEOUT": UNANSWERED_MS}


def tcp_options(redis_url: str) -> dict[str, Any]:
    """For a connection to Redis; nothing for a Unix socket. Not every system has every option."""
    if urlsplit(redis_url).scheme not in ("redis", "rediss"):
        return {}
    options = {getattr(socket, name): value for name, value in _OPTIONS.items() if hasattr(socket, name)}
    return {"socket_keepalive": True, "socket_keepalive_options": options}


def channel_host(redis_url: str) -> dict[str, Any]:
    """A host of the channel layer: its client would wait 5 s for an answer, and try ten times."""
    return {
        "address": redis_url,
        "socket_timeout": REDIS_ANSWER_SECONDS,
        "socket_connect_timeout": REDIS_CONNECT_SECONDS,
        "health_check_interval": REDIS_CHECK_SECONDS,
        **tcp_options(redis_url),
    }
