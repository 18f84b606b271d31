"""Who may bring a call: a gateway's credentials on its upgrade request, checked before it is accepted and without a query.

Owns where credentials may stand. Must not know what a gateway says once it is in."""

import base64
import binascii
import math
import time
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings

from streams.calls import switchboard
from streams.gateways.directory import KnownGateway
from streams.gateways.line import Caller
from streams.pure.foreign_text import cleaned
from streams.pure.gateway.dialects import DIALECTS
from streams.pure.gateway.refusal import Reason, Refusal
from streams.pure.gateway.refused_path import shown_name, shown_path
from streams.pure.gateway.twilio_signature import signed_with
from streams.pure.gateway.version import Upgrade
from streams.pure.peer_address import counted_as, counted_words, is_trusted, peer_address

QUERY_BYTES = 8192
SECRET = "password"
"""The parameter of the query that may carry the gateway's password; it goes no further than here."""


class Rejected(Exception):
    """The upgrade is refused; the message says where and why, for the log, and `refusal` what is written down of it."""

    def __init__(self, scope: dict[str, Any], reason: Reason, words: str, entry: KnownGateway | None = None) -> None:
        arguments = scope["url_route"]["kwargs"]
        name, dialect = shown_name(arguments["gateway"], known_names()), arguments["dialect"]
        where = f"{shown_path(f'/gateway/{dialect}/', DIALECTS)}/{name}/"
        # Programs that block guessers read this line (docs/operation.md): what a stranger can write stands behind its address and reason.
        super().__init__(f"address={peer_host(scope) or 'unknown'} reason={reason} at {where}: {words}")
        self.refusal = Refusal(
            reason=reason,
            words=words[:1].upper() + words[1:],
            name=name,
            dialect=dialect if dialect in DIALECTS else "",
            address=listed_host(scope),
            known=entry is not None,
        )


async def admit(scope: dict[str, Any]) -> KnownGateway:
    """The gateway whose credentials the upgrade request carries. Raises Rejected."""
    arguments = scope["url_route"]["kwargs"]
    name, spoken = arguments["gateway"], arguments["dialect"]
    if switchboard.draining:
        raise Rejected(scope, Reason.STOPPING, "this process is stopping and takes no new calls.")
    if settings.HTTPS and scope.get("scheme") not in ("wss", "https") and not is_trusted(peer_host(scope), settings.PLAIN_ALLOW):
        raise Rejected(scope, Reason.NO_TLS, "it came without TLS, and its password was not looked at; connect it to wss://.")
    try:
        entry = await switchboard.current().directory.find(name)
    except TimeoutError as error:
        words = "the database has not answered since this process began, so no gateway is known yet."
        raise Rejected(scope, Reason.NOT_LOADED, words) from error
    if entry is not None and entry.signing_token:
        # Not slowed down: Twilio's addresses are those of all its customers, and a signature is not guessed.
        check_signature(scope, entry)
    else:
        entry = check_password(scope, name, entry)
    if entry.dialect != spoken:
        words = f"the gateway speaks {entry.dialect}; connect it to /gateway/{entry.dialect}/{entry.name}/."
        raise Rejected(scope, Reason.WRONG_DIALECT, words, entry)
    return entry


def check_password(scope: dict[str, Any], name: str, entry: KnownGateway | None) -> KnownGateway:
    """Refused without a look at the password while a pause after wrong ones lasts. Raises Rejected."""
    guesses, address, now = switchboard.current().guesses, counted_as(peer_host(scope)) or "", time.monotonic()
    wait = guesses.pause(address, name, now, known=entry is not None)
    if wait:
        words = f"too many wrong passwords came from this address; the next try counts in {math.ceil(wait)} s."
        raise Rejected(scope, Reason.TOO_MANY_GUESSES, words, entry)
    user, password = credentials(scope, name)
    # The same work for an unknown gateway and a wrong password, so that neither can be told from the other.
    matches = entry.accepts(password) if entry else password_mismatch(password)
    if entry is not None and matches and user == entry.name:
        guesses.came_in(address, name)
        return entry
    pause = guesses.failed(address, name, now, known=entry is not None)
    later = f" The next try counts in {math.ceil(pause)} s." if pause else ""
    if entry is None:
        raise Rejected(scope, Reason.UNKNOWN_GATEWAY, f"there is no gateway of that name.{later}")
    words = f"wrong user name or password (Basic auth wants {entry.name} and the gateway's password).{later}"
    raise Rejected(scope, Reason.WRONG_PASSWORD, words, entry)


def check_signature(scope: dict[str, Any], entry: KnownGateway) -> None:
    """A gateway with a signing token needs no password: its signature proves more. Raises Rejected."""
    given, host = header_of(scope, b"x-twilio-signature"), header_of(scope, b"host")
    if not given:
        words = "no X-Twilio-Signature, which a gateway with a signing token has to send."
        raise Rejected(scope, Reason.NO_SIGNATURE, words, entry)
    query = scope.get("query_string", b"").decode("latin-1")
    path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
    if not signed_with(entry.signing_token, given, host, path + (f"?{query}" if query else "")):
        words = (
            "the X-Twilio-Signature does not fit. Check the signing token, and that a proxy passes on the Host header "
            f"and the path as they stand in the stream's URL ({cleaned(host, 100)} came)."
        )
        raise Rejected(scope, Reason.WRONG_SIGNATURE, words, entry)


def password_mismatch(password: str) -> bool:
    from_nobody = KnownGateway(0, "", "", "sha256$0000000000000000$", 0, "", "", "", 0, "", "")
    return from_nobody.accepts(password)


def credentials(scope: dict[str, Any], gateway: str) -> tuple[str, str]:
    """User and password by Basic auth; or, of gateways that can send no header, the password in the path or the query."""
    if header_of(scope, b"authorization"):
        return basic_credentials(scope)
    return gateway, scope["url_route"]["kwargs"].get(SECRET) or query_of(scope).get(SECRET, "")


def basic_credentials(scope: dict[str, Any]) -> tuple[str, str]:
    """User and password of the Authorization header; two empty texts when there is none that can be read."""
    value = header_of(scope, b"authorization")
    if value[:6].lower() != "basic ":
        return "", ""
    try:
        user, _, password = base64.b64decode(value[6:].strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return "", ""
    return user, password


def caller_of(scope: dict[str, Any], entry: KnownGateway) -> Caller:
    return Caller(
        gateway_name=entry.name,
        dialect_name=entry.dialect,
        gateway_id=entry.gateway_id,
        application_id=entry.application_id,
        account_id=entry.account_id,
        auth_id=entry.auth_id,
        address=peer_of(scope),
        host=listed_host(scope),
        upgrade=Upgrade(cleaned(header_of(scope, b"user-agent"), 100), tuple(scope.get("subprotocols", ()))),
        query={name: value for name, value in query_of(scope).items() if name != SECRET},
    )


def query_of(scope: dict[str, Any]) -> dict[str, str]:
    query = scope.get("query_string", b"")[:QUERY_BYTES].decode("utf-8", "replace")
    return dict(parse_qsl(query, keep_blank_values=True))


def header_of(scope: dict[str, Any], name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def peer_of(scope: dict[str, Any]) -> str:
    """With its port, for the log; behind a proxy there is none."""
    host, port = scope.get("client") or ("", 0)
    return f"{host}:{port}" if port else host or "unknown"


def peer_host(scope: dict[str, Any]) -> str:
    """The peer's address without its port: who is behind a proxy was seen before (config.behind_proxies)."""
    return peer_address(str((scope.get("client") or ("", 0))[0])) or ""


def listed_host(scope: dict[str, Any]) -> str:
    """The same for rows of which there is one an address: an IPv6 network of one customer is one address."""
    host = peer_host(scope)
    return counted_words(host) if host else ""


def loggable_path(path: str, gateways: Collection[str]) -> str:
    """A path for the log. What is no name that we know may be a password."""
    return shown_path(path, (*DIALECTS, *gateways))


def known_names() -> Collection[str]:
    """Of the gateways that this process knows; outside of its event loop none."""
    try:
        return switchboard.current().directory.entries
    except RuntimeError:
        return ()
