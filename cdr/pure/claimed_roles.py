"""What an identity provider's claims give in the console: roles by its groups, and nothing by anything else.

Owns that rule. Must not know tokens, rows or settings."""

import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from streams.pure.foreign_text import cleaned

MOST_GROUPS = 1000
USERNAME = re.compile(r"[\w.@+-]{1,150}", re.ASCII)
"""As Django has it, without letters that look like others: who chooses his name at the provider must not look like somebody else here."""


class ClaimedRoles(NamedTuple):
    """`groups`: names of roles. With neither there is no way in."""

    groups: frozenset[str]
    superuser: bool

    @property
    def none(self) -> bool:
        return not self.groups and not self.superuser


def claimed_roles(claimed: object, roles: Mapping[str, str], known: Collection[str], superusers: Collection[str]) -> ClaimedRoles:
    """`roles`: what a group of the provider's is called here; where nothing is said, one counts that is called as a `known` role is.
    A claim that is no list of texts gives nothing, but for a single text, which some providers send for a list of one."""
    items = [claimed] if isinstance(claimed, str) else claimed if isinstance(claimed, list) else []
    held = {item for item in items[:MOST_GROUPS] if isinstance(item, str)}
    groups = {roles[item] for item in held if item in roles} if roles else held & set(known)
    return ClaimedRoles(frozenset(groups), bool(held & set(superusers)))


def claimed_name(claims: Mapping[str, Any]) -> str:
    """A username out of the claims: the first of them that can be one. The subject always can be: it is cleaned."""
    said = [claims.get(name) for name in ("preferred_username", "email", "sub")]
    fit = [name for name in said if isinstance(name, str) and USERNAME.fullmatch(name)]
    return fit[0] if fit else re.sub(r"[^\w.@+-]", "-", cleaned(claims.get("sub", ""), 150), flags=re.ASCII) or "nobody"
