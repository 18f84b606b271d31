"""What of all rows is whose at the customers' desk: the one place that says so. Every page, list, search, filter, file and live socket of
the desk begins with rows of a scope, or with what belongs to one such row by its own keys.

Owns which accounts a person has there, and by which column a row belongs to an account. Must not know requests' addresses or pages."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from cdr.invitation_rows import Invitation
from cdr.member_rows import Membership, Role
from cdr.models import CallDetail, Statement, StreamDetail, UrlTest
from streams.models import Account, Application, AuthToken, Call, Callback, Stream

Row = TypeVar("Row", bound=Model)

ACCOUNT_OF: Mapping[type[Model], str] = {
    Account: "pk",
    **dict.fromkeys(
        (Call, CallDetail, Stream, StreamDetail, Callback, Statement, Application, AuthToken, UrlTest, Membership, Invitation), "account"
    ),
}
"""The column by which a row belongs to an account. What is not here is not at the desk."""


class DeskPlace(NamedTuple):
    """An account by its name, and what somebody is there."""

    name: str
    role: str


class DeskScope(NamedTuple):
    """The accounts of one person at one moment, by name, and what he is in each. Nobody has a scope without an account."""

    user_key: int
    accounts: tuple[Account, ...]
    roles: Mapping[int, str]

    def rows(self, model: type[Row]) -> QuerySet[Row]:
        """Those of the model that belong to the accounts. Of one key an index has the rows in order."""
        column, keys = ACCOUNT_OF[model], [account.pk for account in self.accounts]
        wanted: dict[str, Any] = {column: keys[0]} if len(keys) == 1 else {f"{column}__in": keys}
        return model._default_manager.filter(**wanted)

    def account(self, auth_id: str) -> Account | None:
        return next((account for account in self.accounts if account.auth_id == auth_id), None)

    def among(self, keys: Iterable[int]) -> "DeskScope | None":
        """Of these accounts alone; None when one of them is none of the person's, or there is none."""
        wanted = frozenset(keys)
        accounts = tuple(account for account in self.accounts if account.pk in wanted)
        return self._replace(accounts=accounts) if wanted and len(accounts) == len(wanted) else None

    def manages(self, account_key: int | None) -> bool:
        return self.roles.get(account_key or 0) == Role.MANAGER

    def managed_account(self, account_key: int | None) -> Account | None:
        return next((account for account in self.accounts if account.pk == account_key and self.manages(account.pk)), None)

    @property
    def managed(self) -> list[int]:
        """The keys of the accounts that he manages."""
        return [account.pk for account in self.accounts if self.manages(account.pk)]

    @property
    def places(self) -> list[DeskPlace]:
        return [DeskPlace(account.name, self.roles[account.pk]) for account in self.accounts]

    @property
    def has_several(self) -> bool:
        return len(self.accounts) > 1


# Written out, because every page asks it: Django makes the same of its models in several times as long as it takes.
ACCOUNTS_OF = """
SELECT streams_account.*, cdr_membership.role AS desk_role
FROM streams_account JOIN cdr_membership ON cdr_membership.account_id = streams_account.id
WHERE cdr_membership.user_id = %s ORDER BY streams_account.name, streams_account.id
"""


def scope_of(user: Any) -> DeskScope | None:
    """In one query; None for who has no place at the desk."""
    if not user.is_active or user.pk is None:
        return None
    found = tuple(Account.objects.raw(ACCOUNTS_OF, [user.pk]))
    return DeskScope(user.pk, found, {account.pk: vars(account)["desk_role"] for account in found}) if found else None


def scope_of_request(request: HttpRequest) -> DeskScope | None:
    """Asked once a request."""
    if "desk_scope" not in vars(request):
        vars(request)["desk_scope"] = scope_of(request.user)
    scope: DeskScope | None = vars(request)["desk_scope"]
    return scope


# How an address of the desk names a row of a scope: never by its number in the table, which runs over all accounts ------------------
def one_named(rows: QuerySet[Row], name: str, column: str = "uuid") -> Row | None:
    """By its uuid, or as `name_in_account` says; None when the name is of none of the rows, or of several."""
    found = list(_named(rows, name, column)[:2])
    return found[0] if len(found) == 1 else None


def several_named(rows: QuerySet[Any], name: str) -> bool:
    return len(_named(rows, name, "uuid").values_list("pk")[:2]) > 1


def name_in_account(call: Call) -> str:
    """`<uuid>_<auth id>`: a call's uuid is its own within its account only, and a person may have several."""
    return f"{call.uuid}_{call.account.auth_id}"


def _named(rows: QuerySet[Row], name: str, column: str) -> QuerySet[Row]:
    uuid, _, auth_id = name.partition("_")
    try:
        wanted: dict[str, Any] = {column: UUID(uuid)}
    except ValueError:
        return rows.none()
    if auth_id:
        wanted["account__auth_id"] = auth_id.replace("\x00", "")
    return rows.filter(**wanted)
