"""Reads the process environment into typed values; a bad value stops the start with a sentence that says what would be right.

Owns the wording of those sentences. Knows no setting's meaning: config.settings does."""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.silent_peers import LIBPQ
from streams.guard import Network

PAGES_POOL, MOST_OF_PAGES = "PAGES_POOL", 100
"""In Django's entry: how many connections the pages of a process share; 0: each request opens its own."""
TRUE, FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")


class Environment:
    """Typed look-ups in `values` (os.environ unless a test passes its own). Empty means unset."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self.values = os.environ if values is None else values

    def text(self, name: str, default: str = "") -> str:
        return self.values.get(name, "").strip() or default

    def flag(self, name: str, default: bool) -> bool:
        word = self.text(name).lower()
        if not word:
            return default
        if word in TRUE:
            return True
        if word in FALSE:
            return False
        raise ImproperlyConfigured(f"{name}={word!r} is neither yes nor no. Set it to 1 or 0.")

    def number(self, name: str, default: float, low: float, high: float) -> float:
        word = self.text(name)
        if not word:
            return default
        try:
            value = float(word)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ImproperlyConfigured(f"{name}={word!r} is not a number from {low:g} to {high:g}.")
        return value

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        value = self.number(name, default, low, high)
        if value != int(value):
            raise ImproperlyConfigured(f"{name}={value} is not a whole number.")
        return int(value)

    def numbers(self, name: str, default: str, low: float, high: float) -> tuple[float, ...]:
        """A list of numbers separated by commas or blanks."""
        words = self.words(name, default)
        return tuple(Environment({name: word}).number(name, low, low, high) for word in words)

    def one_of(self, name: str, default: str, known: tuple[str, ...]) -> str:
        """As it stands in `known`, however it was written."""
        word = self.text(name, default)
        found = next((one for one in known if one.lower() == word.lower()), "")
        if not found:
            raise ImproperlyConfigured(f"{name}={word} is not known. Set it to one of {', '.join(known)}.")
        return found

    def words(self, name: str, default: str = "") -> list[str]:
        """A list separated by commas or blanks."""
        return self.text(name, default).replace(",", " ").split()

    def pairs(self, name: str) -> dict[str, str]:
        """Names and what each is called here: `one=Support, two=Operator`, separated by commas, because a name may have blanks."""
        parts = [part.partition("=") for part in self.text(name).split(",") if part.strip()]
        found = {before.strip(): after.strip() for before, _, after in parts}
        if not all((*found, *found.values())):
            raise ImproperlyConfigured(
                f"{name}={self.text(name)} has no pairs. Write them as desk-support=Support, desk-admins=Administrator."
            )
        return found

    def networks(self, name: str, default: str = "") -> tuple[Network, ...]:
        """Networks in CIDR notation, separated by commas or blanks."""
        try:
            return tuple(ipaddress.ip_network(word) for word in self.words(name, default))
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}: {error}. Write networks such as 10.1.0.0/16,fd00::/8.") from error

    def address(self, name: str) -> tuple[str, int]:
        """Where to listen, such as 127.0.0.1:9101; port 0 when nothing is set."""
        word = self.text(name)
        host, _, port = word.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if word and not (host and port.isdecimal() and 0 < int(port) < 65_536):
            raise ImproperlyConfigured(f"{name}={word} is not an address to listen on, such as 127.0.0.1:9101.")
        return host, int(port or 0)

    def origin(self, name: str) -> str:
        """A scheme and a host, such as https://desk.example.com, without a path; "" when there is none."""
        word = self.text(name).rstrip("/")
        parts = urlsplit(word)
        if word and (
            parts.scheme not in ("http", "https") or not parts.netloc or "@" in parts.netloc or word != f"{parts.scheme}://{parts.netloc}"
        ):
            raise ImproperlyConfigured(f"{name}={word} is not an address such as https://desk.example.com, without a path.")
        return word

    def folder(self, name: str, default: Path) -> Path:
        """A folder that exists after this call."""
        path = Path(self.text(name, str(default))).expanduser().resolve()
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise ImproperlyConfigured(f"{name}={path} cannot be made ({error.strerror}). Name a folder you may write to.") from error
        return path


def database_entry(url: str, embedded_file: Path) -> dict[str, Any]:
    """Django's DATABASES entry for DATABASE_URL, or for SQLite in `embedded_file` when the URL is empty."""
    parts = urlsplit(url)
    if not url or parts.scheme == "sqlite":
        return sqlite(Path(unquote(parts.path)) if url else embedded_file)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(
            f"DATABASE_URL begins with {parts.scheme or 'no scheme'}. Use postgresql://user:password@host:5432/name or sqlite:///absolute/file."
        )
    options = LIBPQ | dict(parse_qsl(parts.query))
    if not options.get("conn_max_age", "60").isdigit():
        raise ImproperlyConfigured("DATABASE_URL: conn_max_age is the seconds a connection is kept, a whole number such as 60.")
    if not (pool := options.pop("pool", "0")).isdecimal() or int(pool) > MOST_OF_PAGES:
        raise ImproperlyConfigured(
            f"DATABASE_URL: pool is how many connections the pages of a process share, a whole number up to {MOST_OF_PAGES} such as 6."
        )
    host = options.pop("host", parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": int(options.pop("conn_max_age", "60")),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
        PAGES_POOL: int(pool),
    }


def sqlite(file: Path) -> dict[str, Any]:
    """SQLite that several processes may write to at once: WAL, and transactions that take the write lock at their start."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(file),
        "CONN_MAX_AGE": 60,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA journal_size_limit=27103364;"
            "PRAGMA mmap_size=134217728;PRAGMA cache_size=2000;",
        },
        "TEST": {"NAME": str(file.with_name("test-" + file.name))},
    }
