"""Every address of the desk, found from its URL patterns, and the keys that one of an account's rows has in it.

Owns what names a row there; a new list needs its line. Must not know what is asked of the addresses."""

import re
from collections.abc import Iterator
from typing import Any

from cdr.desk import desk
from cdr.desk.records import name_of_row
from streams.models import Account, Callback
from tests.cdr.desk.two_accounts import SHARED_UUID

KINDS = {
    "calls": ("call", "call number"),
    "streams": ("stream", "stream number"),
    "callbacks": ("message", "callback number"),
    "statements": ("statement", "auth id"),
    "applications": ("application",),
    "tokens": ("token", "auth id"),
    "members": ("invitation", "auth id"),
    "url-tests": ("test", "auth id"),
}
"""What names a row in the addresses of each list."""


def routes() -> dict[str, str]:
    return dict(_routes(desk.get_urls(), "/desk/"))


def _routes(found: Any, before: str) -> Iterator[tuple[str, str]]:
    for pattern in found:
        route = before + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from _routes(pattern.url_patterns, route)
        elif pattern.name:
            yield pattern.name, route


def kinds_of(route: str) -> tuple[str, ...]:
    """The kinds of keys that an address may hold; a new list needs its line."""
    return KINDS[route.split("/")[2]] if "<" in route else ()


def with_key(route: str, key: object) -> str:
    """A key may have several parts."""
    return re.sub(r"<[^>]+>(/<[^>]+>)*", str(key), route)


def keys_of(name: str) -> dict[str, str]:
    """Of rows of the account, by kind of key."""
    account = Account.objects.get(name=name)
    stream, callback = account.streams.order_by("-pk")[0], Callback.objects.filter(account=account)[0]
    call = account.calls.exclude(uuid=SHARED_UUID)[0]
    found = {"call": call.uuid, "call number": call.pk, "stream": stream.uuid, "stream number": stream.pk}
    found |= {"message": callback.message_id, "callback number": callback.pk, "auth id": account.auth_id}
    found["statement"] = f"{account.auth_id}/USD/2024-11"
    found["application"] = name_of_row(account.applications.all()[0])
    found["invitation"] = f"{account.auth_id}/{name_of_row(account.invitations.all()[0])}"
    found["test"] = account.url_tests.all()[0].call_id
    found["token"] = f"{account.auth_id}/{name_of_row(account.auth_tokens.all()[0])}"
    return {kind: str(key) for kind, key in found.items()}


def addresses(account: str) -> list[str]:
    """Of its pages, each once, with a key of each kind that has an own page."""
    keys, shown = keys_of(account), {kind for kind, *_ in KINDS.values()} | {"auth id"}
    apart = ("login", "login_code", "logout", "index")
    known = {name: route for name, route in routes().items() if not name.startswith("^") and name not in apart}
    lists = [route for route in known.values() if "<" not in route]
    return [*lists, *(with_key(route, keys[kind]) for route in known.values() for kind in kinds_of(route) if kind in shown)]


def put_keys_back(account: Account) -> None:
    """What addresses hold is ours, and no stranger's: after strangers wrote into every column."""
    Account.objects.filter(pk=account.pk).update(auth_id="MA0123456789ABCDEFGH", name="Hostile")
    for callback in Callback.objects.all():
        Callback.objects.filter(pk=callback.pk).update(message_id=f"message-{callback.pk}")
