"""What goes wrong is said as {"api_id", "error"}, whatever it is: no HTML, no traceback, and one sentence a person can act on.

Owns the error envelope and which exception means which status. Must not know calls or streams."""

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

log = logging.getLogger(__name__)

NOT_FOUND = "The requested resource was not found."
UNAUTHORIZED = "Authentication failed: use HTTP Basic with the account's auth id and auth token, and the same auth id in the path."
TOO_LARGE = "The body of the request is too large."
UNREADABLE = "The request cannot be read: its body or its form is malformed."
DATABASE_AWAY = "The platform's database does not answer at the moment. Try again in some seconds."
INTERNAL_ERROR = "The request failed because of an error in the platform. Quote the api_id to its operator."
CHALLENGE = {"WWW-Authenticate": 'Basic realm="Streamdesk API", charset="UTF-8"'}


class ApiRefusal(Exception):
    """A request that is answered with `status` and the sentence `error`."""

    def __init__(self, status: int, error: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.headers = headers or {}


def not_found() -> ApiRefusal:
    """The same for what does not exist and for what belongs to another account."""
    return ApiRefusal(HTTPStatus.NOT_FOUND, NOT_FOUND)


def too_many(error: str, retry_after_seconds: int) -> ApiRefusal:
    return ApiRefusal(HTTPStatus.TOO_MANY_REQUESTS, error, {"Retry-After": str(retry_after_seconds)})


def new_api_id() -> str:
    """Names one answer, so that a customer can quote it."""
    return str(uuid4())


def error_answer(status: int, error: str, headers: Mapping[str, str] | None = None, api_id: str = "") -> HttpResponse:
    return JsonResponse({"api_id": api_id or new_api_id(), "error": error}, status=status, headers=headers)


def install(api: NinjaAPI) -> None:
    """Makes `api` answer every exception in this envelope."""
    for kind, handler in HANDLERS.items():
        api.add_exception_handler(kind, handler)


def wrong_parameters(error: ValidationError) -> str:
    """Every parameter that is wrong, as one text."""
    return " ".join(f"{problem['loc'][-1]}: {problem['msg'].removeprefix('Value error, ').rstrip('.')}." for problem in error.errors)


def _database_away(request: HttpRequest, error: Exception) -> HttpResponse:
    log.warning("The database did not answer %s %s (%s).", request.method, request.path, str(error).strip())
    return error_answer(HTTPStatus.SERVICE_UNAVAILABLE, DATABASE_AWAY, {"Retry-After": "5"})


def _internal_error(request: HttpRequest, error: Exception) -> HttpResponse:
    api_id = new_api_id()
    log.error("%s %s failed; api_id %s.", request.method, request.path, api_id, exc_info=error)
    return error_answer(HTTPStatus.INTERNAL_SERVER_ERROR, INTERNAL_ERROR, api_id=api_id)


def _refused(request: HttpRequest, error: ApiRefusal) -> HttpResponse:
    return error_answer(error.status, error.error, error.headers)


def _unauthorized(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return error_answer(HTTPStatus.UNAUTHORIZED, UNAUTHORIZED, CHALLENGE)


def _of_the_framework(request: HttpRequest, error: HttpError) -> HttpResponse:
    return error_answer(error.status_code, str(error))


def _wrong(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return error_answer(HTTPStatus.BAD_REQUEST, wrong_parameters(error))


def _too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return error_answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LARGE)


def _unreadable(request: HttpRequest, error: Exception) -> HttpResponse:
    return error_answer(HTTPStatus.BAD_REQUEST, UNREADABLE)


HANDLERS: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
    ApiRefusal: _refused,
    AuthenticationError: _unauthorized,
    HttpError: _of_the_framework,
    ValidationError: _wrong,
    RequestDataTooBig: _too_large,
    BadRequest: _unreadable,
    SuspiciousOperation: _unreadable,
    MultiPartParserError: _unreadable,
    UnreadablePostError: _unreadable,
    OperationalError: _database_away,
    InterfaceError: _database_away,
    Exception: _internal_error,
}
