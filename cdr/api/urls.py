"""Everything under /v1/: the API's paths, and the same kind of answer for every other path and method.

Owns the 404 and the 405. Must not know any operation."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from cdr.api.errors import NOT_FOUND, error_answer
from cdr.api.v1 import api

View = Callable[..., HttpResponse]


def said_as_json(view: View) -> View:
    """The view with its 405 in the API's own form."""

    @csrf_exempt
    @wraps(view)
    def wrapped(request: HttpRequest, **values: Any) -> HttpResponse:
        response = view(request, **values)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
            return response
        allowed = ", ".join(sorted(response["Allow"].split(", ")))
        return error_answer(response.status_code, f"{request.method} is not possible here; use {allowed}.", {"Allow": allowed})

    return wrapped


@csrf_exempt
def unknown(request: HttpRequest) -> HttpResponse:
    return error_answer(HTTPStatus.NOT_FOUND, NOT_FOUND)


def _served(pattern: Any) -> Any:
    pattern.callback = said_as_json(pattern.callback)
    return pattern


_patterns, _app, _namespace = api.urls
urlpatterns = [
    path("", unknown),
    path("", ([_served(pattern) for pattern in _patterns], _app, _namespace)),
    re_path("", unknown),
]
