"""What an operator can get wrong without any single setting being wrong. `manage.py check`, `doctor` and every start report it, by id.

Owns those judgements. A wrong SECRETS_KEY stops the start; combinations that must not even start are refused in config.settings.
A start asks only for what is tagged INSTALLATION: Django's own checks are of the code, and import every page of the console."""

import sys
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connection

from streams.sealed import WrongKey, require_known_keys

INSTALLATION = "installation"
SAID_BY = ("check", "doctor", "run", "serve")
"""Commands of manage.py that say what is unwise. Every other one would as well, and whoever reads it each time reads it no more."""
REAPED_WITHIN_SECONDS = 45
"""What the reaper promises: a call that nobody holds is ended after at most one lease and one round of the reaper."""


def unwise(check: Callable[..., Iterable[CheckMessage]]) -> None:
    """Registers a check that warns."""

    @wraps(check)
    def warn(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
        of_manage = Path(sys.argv[0]).name in ("manage.py", "streamdesk")
        return () if of_manage and sys.argv[1:2] and sys.argv[1] not in SAID_BY else check(app_configs, **kwargs)

    register(INSTALLATION)(warn)


@unwise
def lease(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    latest_end_seconds = settings.LEASE_SECONDS * 1.5
    if latest_end_seconds > REAPED_WITHIN_SECONDS:
        yield Warning(
            f"With LEASE_SECONDS={settings.LEASE_SECONDS:g} a call of a process that died is ended up to {latest_end_seconds:g} s later.",
            hint=f"Set LEASE_SECONDS to at most {REAPED_WITHIN_SECONDS / 1.5:g}.",
            id="streamdesk.W001",
        )


@register(INSTALLATION)
def secrets_key(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    """An error: what is written with another key would be lost with it."""
    if wrong := wrong_secrets_key():
        yield Error(wrong, id="streamdesk.E001")


def wrong_secrets_key() -> str:
    """Why nothing may be written with this SECRETS_KEY, "" when it may. A database that is away is waited for elsewhere."""
    was_open = connection.connection is not None
    try:
        require_known_keys(connection)
    except WrongKey as error:
        return str(error)
    except DatabaseError:
        return ""
    finally:
        if not was_open:
            connection.close()
    return ""


@unwise
def buffer(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    attempts = len(settings.CONNECT_RETRY_SECONDS) + 1
    longest_ms = 1000 * (settings.CONNECT_TIMEOUT_SECONDS * attempts + sum(settings.CONNECT_RETRY_SECONDS))
    if longest_ms > settings.BUFFER_MS:
        yield Warning(
            f"Connecting may take {longest_ms:g} ms, but only {settings.BUFFER_MS} ms of audio are kept: the last attempts come too late.",
            hint="Raise BUFFER_MS, or lower CONNECT_TIMEOUT_SECONDS or CONNECT_RETRY_SECONDS.",
            id="streamdesk.W002",
        )


@unwise
def dialling(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    opened = [str(network) for network in settings.DIAL_REACH.networks if network.is_loopback or network.prefixlen == 0]
    if opened and not settings.EMBEDDED:
        yield Warning(
            f"DIAL_ALLOW has {', '.join(opened)}: whoever may name a URL reaches what listens on this machine.",
            hint="Name only the networks your customers' services are in.",
            id="streamdesk.W003",
        )


@unwise
def storage(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    if not settings.EMBEDDED and "sqlite3" in settings.DATABASES["default"]["ENGINE"]:
        yield Warning(
            "SQLite serves one machine only, and one writer at a time.",
            hint="Set DATABASE_URL=postgresql://user:password@host:5432/name.",
            id="streamdesk.W004",
        )


@unwise
def transport(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    if set(settings.ALLOWED_HOSTS) - set(settings.LOCAL_HOSTS) and not settings.HTTPS:
        yield Warning(
            "The console is reached over the network and HTTPS is off: passwords and cookies travel in clear.",
            hint="Put a proxy with TLS in front, name its network in TRUSTED_PROXIES, and set HTTPS=1.",
            id="streamdesk.W005",
        )
    if settings.HTTPS and not settings.PROXIES_DECIDED:
        yield Warning(
            "HTTPS=1 and TRUSTED_PROXIES is not set: nobody's X-Forwarded headers are believed. Behind a proxy every page leads to itself, "
            "and all visitors and gateways have the proxy's address.",
            hint="Set TRUSTED_PROXIES to the networks of your proxies, such as 127.0.0.1 or 10.0.0.0/24; to none where there is no proxy.",
            id="streamdesk.W007",
        )
    opened = [str(network) for network in settings.TRUSTED_PROXIES if network.prefixlen == 0]
    if opened:
        yield Warning(
            f"TRUSTED_PROXIES has {', '.join(opened)}: everybody may say who he is, so that no lock holds and anybody can be locked out.",
            hint="Name only the networks your proxies are in.",
            id="streamdesk.W008",
        )
    yield from readers_behind_proxies()
    redis = urlsplit(settings.REDIS_URL)
    if redis.scheme == "redis" and not redis.password and redis.hostname not in settings.LOCAL_HOSTS:
        yield Warning(
            f"Redis at {redis.hostname} is used without a password: whoever reaches it can put tasks in the queue.",
            hint="Set REDIS_URL=rediss://:password@host:6379/0.",
            id="streamdesk.W006",
        )


def readers_behind_proxies() -> Iterable[CheckMessage]:
    wide = [str(network) for network in settings.METRICS_ALLOW if network.prefixlen == 0]
    if wide:
        yield Warning(
            f"METRICS_ALLOW has {', '.join(wide)}: everybody who reaches the platform reads its figures.",
            hint="Name the addresses that scrape, or set METRICS_TOKEN and leave METRICS_ALLOW out.",
            id="streamdesk.W009",
        )


@register(Tags.admin)
def console(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    """Django's check of admins, which knows only those that somebody has imported."""
    from cdr.admin.site import console  # noqa: PLC0415 - of all checks this one needs the pages

    return console.check(app_configs)
