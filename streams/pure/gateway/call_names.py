"""Whose call it is, in the many names gateways have for it: call ids, numbers and direction out of metadata.

Owns those names, and how an id that is no UUID becomes one. Must not know dialects or what else metadata says."""

from typing import NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from streams.pure.foreign_text import cleaned
from streams.pure.gateway.json_text import Fields, said

_CALL = ("calluuid", "callsid", "callid", "callcontrolid", "callsessionid", "uuid")
_FROM = ("from", "callfrom", "caller", "callernumber", "calleridnumber")
_TO = ("to", "callto", "called", "callednumber", "destinationnumber")
_DIRECTION = ("direction", "calldirection")

NAMES = frozenset((*_CALL, *_FROM, *_TO, *_DIRECTION))


def names_call(query: Fields) -> bool:
    """Whether a URL's query names the call's id and both its numbers, be they empty: a caller that is withheld has none."""
    return bool(said(query, "calluuid", "uuid")) and not {"from", "callfrom"}.isdisjoint(query) and not {"to", "callto"}.isdisjoint(query)


class NamedCall(NamedTuple):
    """`gateway_call_id` as the gateway writes it; `variables` as `identity` reads them, without what was not said."""

    gateway_call_id: str
    variables: dict[str, str]


def named_call(fields: Fields, account: str = "", fork: str = "") -> NamedCall:
    """The call of `fields`, whose names are `plainly` spelled.

    `account` is the gateway's, for two accounts may count their calls alike. `fork` names one of several forks of a call: each is a
    call of its own here, because each ends by itself."""
    call_id = said(fields, *_CALL)
    variables = {
        "call_uuid": str(uuid_of_call(call_id, account, fork)) if call_id else "",
        "from": said(fields, *_FROM),
        "to": said(fields, *_TO),
        "direction": said(fields, *_DIRECTION),
    }
    return NamedCall(cleaned(call_id, 200), {name: cleaned(value, 200) for name, value in variables.items() if value})


def uuid_of_call(call_id: str, account: str = "", fork: str = "") -> UUID:
    """`call_id` itself where it is a UUID and the call has one fork only; else the UUID5, by URL, of call:ACCOUNT:ID#FORK, in which
    the account and the fork stand where there are any. The same words always give the same UUID."""
    if not fork:
        try:
            return UUID(call_id)
        except ValueError:
            pass
    scope = f"{account}:" if account else ""
    return uuid5(NAMESPACE_URL, f"call:{scope}{call_id}" + (f"#{fork}" if fork else ""))
