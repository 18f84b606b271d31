"""Digits that are sent to a call that is going on, whichever process holds it.

Owns the operation and the reading of its parameters; which digits there are is streams.pure.audio.dtmf_digits'."""

from collections.abc import Mapping
from http import HTTPStatus

from ninja import Router, Schema, Status

from cdr.api import body, rows
from cdr.api.auth import AccountRequest
from cdr.api.errors import ApiRefusal, new_api_id
from cdr.api.routes import endpoint
from cdr.api.schemas import DigitsSent, Error, SendDigits
from cdr.api.stream_start import BY_API
from streams import control
from streams.pure.foreign_text import cleaned

router = Router(tags=["Calls"])

OF_CALL = "/Account/{auth_id}/Call/{call_uuid}/DTMF/"
ONLY_LEG = "aleg"
_SCHEMA = {"schema": SendDigits.model_json_schema()}
_BODY = {"required": True, "content": {"application/json": _SCHEMA, body.FORMS[0]: _SCHEMA}}
_ANSWERS: dict[int, type[Schema]] = {202: DigitsSent, HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Error}


@endpoint(router, "POST", OF_CALL, _ANSWERS, summary="Send digits", openapi_extra={"requestBody": _BODY})
def send_digits(request: AccountRequest, auth_id: str, call_uuid: str) -> Status[DigitsSent]:
    """The call hears them as tones, after what is being played to it already."""
    call = rows.call_of(request.auth, call_uuid)
    parameters = body.parameters(request)
    _refuse_other_legs(parameters.get("leg"))
    try:
        control.request_dtmf(call, _digits(parameters), BY_API)
    except ValueError as error:
        raise ApiRefusal(400, str(error)) from error
    except control.NotLive as error:
        raise ApiRefusal(404, str(error)) from error
    return Status(202, DigitsSent(api_id=new_api_id(), message="digits sent"))


def _digits(parameters: Mapping[str, object]) -> str:
    """As text; a JSON number of digits counts as well. Raises ValueError."""
    digits = parameters.get("digits")
    if digits is None or digits == "":
        raise ValueError("digits is missing; send what is to be dialled, such as 1234#.")
    if isinstance(digits, bool) or not isinstance(digits, str | int):
        raise ValueError('digits has to be a text, such as "1234#".')
    return str(digits)


def _refuse_other_legs(leg: object) -> None:
    if leg not in (None, "", ONLY_LEG):
        raise ApiRefusal(400, f"leg is {cleaned(repr(leg), 40)}; a call has one leg here: leave leg out, or send {ONLY_LEG}.")
