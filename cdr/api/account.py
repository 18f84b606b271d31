"""The account itself, and the lists of what an account of Plivo's has and none has here: empty, so that an SDK that lists them goes on.

Owns those two operations. Must not know calls or streams."""

from typing import Literal

from django.urls import register_converter
from ninja import Query, Router

from cdr.api import paging
from cdr.api.auth import AccountRequest
from cdr.api.errors import new_api_id
from cdr.api.paging import PageAsked
from cdr.api.routes import endpoint
from cdr.api.schemas import AccountAnswer, EmptyList, NoConferences

router = Router(tags=["Account"])

CONFERENCE = "Conference"
NONE_HERE = (
    *("Application", CONFERENCE, "Endpoint", "Media", "Message", "MultiPartyCall"),
    *("Number", "PhoneNumber", "Powerpack", "Recording", "Subaccount"),
)
"""As they stand in a path. Applications are the operator's here: an account's own SDK has none."""

Kind = Literal[NONE_HERE]  # type: ignore[valid-type]


class KindConverter:
    regex = "|".join(NONE_HERE)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(KindConverter, "none_here")


@endpoint(router, "GET", "/Account/{auth_id}/", {200: AccountAnswer}, summary="Get the account")
def get_account(request: AccountRequest, auth_id: str) -> AccountAnswer:
    """What is known of it. There is no credit here: what streams cost stands in them and in their calls."""
    account = request.auth
    return AccountAnswer(api_id=new_api_id(), auth_id=account.auth_id, name=account.name, resource_uri=f"/v1/Account/{account.auth_id}/")


@endpoint(router, "GET", "/Account/{auth_id}/{none_here:kind}/", {200: EmptyList | NoConferences}, summary="List what there is none of")
def list_none(request: AccountRequest, auth_id: str, kind: Kind, asked: Query[PageAsked]) -> EmptyList | NoConferences:
    """Applications, recordings, numbers and the like: an empty list, as no account has any here."""
    if kind == CONFERENCE:
        return NoConferences(api_id=new_api_id())
    page = paging.api_page(asked.limit, asked.offset, None)
    return EmptyList(api_id=new_api_id(), meta=paging.meta(request.path, request.GET.dict(), page, 0, more=False))
