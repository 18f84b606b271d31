"""Every route by everybody: a route whose answers nobody has declared here fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import reduce
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from cdr.api.v1 import api
from cdr.models import Adjustment
from streams.models import Account, Call, ControlRequest, StreamRecording
from tests.cdr.api.customers import SERVICE_URL, Customer

KIND = "<none_here:kind>"
OPEN = {"openapi.json", "docs", ""}
"""Served to everybody: the API's description of itself, and the 404 for what is not there."""


class Expected(NamedTuple):
    """The status the owner gets; everybody without the account's token gets 401, with another's token too."""

    owner: int
    # Another account that asks in its own name for the owner's call.
    other: int = 404


EXPECTED = {
    ("GET", "Account/<auth_id>/"): Expected(200, other=200),
    ("GET", "Account/<auth_id>/<none_here:kind>/"): Expected(200, other=200),
    ("GET", "Account/<auth_id>/Usage/"): Expected(200, other=200),
    ("GET", "Account/<auth_id>/Statements/"): Expected(200, other=200),
    ("GET", "Account/<auth_id>/Statements/<month>/<currency>/"): Expected(200),
    ("GET", "Account/<auth_id>/Call/"): Expected(200, other=200),
    ("GET", "Account/<auth_id>/Call/<call_uuid>/"): Expected(200),
    ("DELETE", "Account/<auth_id>/Call/<call_uuid>/"): Expected(204),
    ("POST", "Account/<auth_id>/Call/<call_uuid>/DTMF/"): Expected(202),
    ("GET", "Account/<auth_id>/Call/<call_uuid>/Stream/"): Expected(200),
    ("POST", "Account/<auth_id>/Call/<call_uuid>/Stream/"): Expected(202),
    ("DELETE", "Account/<auth_id>/Call/<call_uuid>/Stream/"): Expected(204),
    ("GET", "Account/<auth_id>/Call/<call_uuid>/Stream/<stream_id>/"): Expected(200),
    ("DELETE", "Account/<auth_id>/Call/<call_uuid>/Stream/<stream_id>/"): Expected(204),
    ("GET", "Account/<auth_id>/Call/<call_uuid>/Stream/<stream_id>/Events/"): Expected(200),
    ("GET", "Account/<auth_id>/Call/<call_uuid>/Stream/<stream_id>/Callbacks/"): Expected(200),
    ("GET", "Account/<auth_id>/Call/<call_uuid>/Stream/<stream_id>/Recording/"): Expected(200),
    ("GET", "Account/<auth_id>/Call/<call_uuid>/Stream/<stream_id>/Recording/File/"): Expected(404),
}


def patterns(resolver: URLResolver) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield str(pattern.pattern)
        else:
            yield from patterns(pattern)


def operations() -> set[tuple[str, str]]:
    """Method and route of everything that can be asked, from the API itself."""
    views = [(path, view) for bound in api._get_bound_routers() for path, view in bound.path_operations.items()]  # noqa: SLF001
    methods = [(method, path) for path, view in views for operation in view.operations for method in operation.methods]
    return {(method, path.lstrip("/").replace("{", "<").replace("}", ">")) for method, path in methods}


def test_every_route_of_the_url_conf_is_an_operation_or_open() -> None:
    mounted = set(patterns(get_resolver("cdr.api.urls")))
    assert mounted == {route for _, route in operations()} | OPEN


def test_every_operation_is_declared_with_and_without_its_slash() -> None:
    assert operations() == set(EXPECTED) | {(method, route.rstrip("/")) for method, route in EXPECTED}


@pytest.fixture
def call(acme: Customer) -> Call:
    """Beside it there is a statement of a month; its stream is being recorded, and has no file yet."""
    owes = {"account": acme.account, "currency": "USD", "amount": "-1.00000", "at": datetime(2026, 10, 3, tzinfo=UTC)}
    Adjustment.objects.create(**owes, reason="Trouble", created_by="anna")
    call = acme.live_call()
    Account.objects.filter(pk=acme.account.pk).update(customers_listen=True)
    StreamRecording.objects.create(stream=call.streams.all()[0], account=acme.account, name="x", created_at=call.started_at)
    return call


class Route(NamedTuple):
    """`path` is on a call and a stream of Acme's; its auth id is left open."""

    method: str
    path: str
    expected: Expected


@pytest.fixture
def routes(call: Call) -> list[Route]:
    """With and without their slash."""
    stream = call.streams.first()
    assert stream
    values = {"<call_uuid>": str(call.uuid), "<stream_id>": str(stream.uuid), KIND: "Recording", "<month>": "2026-10", "<currency>": "USD"}

    def filled(route: str) -> str:
        return "/v1/" + reduce(lambda path, name: path.replace(name, values[name]), values, route)

    declared = [(method, filled(route), expected) for (method, route), expected in EXPECTED.items()]
    return [Route(method, path.rstrip("/") + slash, expected) for method, path, expected in declared for slash in ("", "/")]


@contextmanager
def undone() -> Iterator[None]:
    """What one request did is not there for the next."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def ask(customer: Customer, method: str, path: str, auth_id: str) -> Any:
    body = {"data": {"service_url": SERVICE_URL, "digits": "1234#"}} if method == "POST" else {}
    return customer.send(method, path.replace("<auth_id>", auth_id), content_type="application/json", **body)


def told(answer: Any) -> tuple[int, str, dict[str, str]]:
    """What can be told from an answer, without the name every answer has of its own."""
    return answer.status_code, answer.json()["error"], dict(answer.headers)


class TestMatrix:
    """Anonymous, in another's path, as another in his own path, and as the owner."""

    def test_anonymous(self, routes: list[Route], acme: Customer) -> None:
        for route in routes:
            answer = Client().generic(route.method, route.path.replace("<auth_id>", acme.account.auth_id))
            assert answer.status_code == 401, route
            assert answer["WWW-Authenticate"].startswith("Basic "), route
        assert not ControlRequest.objects.exists()

    def test_other_in_the_owners_path_looks_like_anonymous(self, routes: list[Route], acme: Customer, globex: Customer) -> None:
        for route in routes:
            anonymous = Client().generic(route.method, route.path.replace("<auth_id>", acme.account.auth_id))
            assert told(ask(globex, route.method, route.path, acme.account.auth_id)) == told(anonymous), route
        assert not ControlRequest.objects.exists()

    def test_other_in_his_own_path_sees_what_does_not_exist(self, routes: list[Route], call: Call, globex: Customer) -> None:
        for route in routes:
            foreign = ask(globex, route.method, route.path, globex.account.auth_id)
            assert foreign.status_code == route.expected.other, route
            assert str(call.uuid) not in foreign.content.decode(), route
            if foreign.status_code == 404:
                unknown = ask(globex, route.method, route.path.replace(str(call.uuid), str(uuid4())), globex.account.auth_id)
                assert told(foreign) == told(unknown), route
        assert not ControlRequest.objects.exists()

    def test_owner(self, routes: list[Route], acme: Customer) -> None:
        for route in routes:
            with undone():
                answer = ask(acme, route.method, route.path, acme.account.auth_id)
                assert answer.status_code == route.expected.owner, route
                assert ControlRequest.objects.exists() == (route.method != "GET"), route


# What is not there ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["", "nothing", "/", "Account/", "Account/MA1/Messages/", "Account/MA1/Call/x/Stream/y/z"])
def test_other_paths_are_404_in_the_api_s_own_form(path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = Client().generic(method, f"/v1/{path}")
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/json")
        assert set(answer.json()) == {"api_id", "error"}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS"])
def test_other_methods_are_405_in_the_api_s_own_form(acme: Customer, method: str) -> None:
    for path in ("Call/", "Call", "Call/x/", "Call/x/DTMF/", "Call/x/DTMF", "Call/x/Stream/", "Call/x/Stream/y"):
        answer = Client().generic(method, acme.base + path)
        assert answer.status_code == 405, path
        assert answer.json()["error"] == f"{method} is not possible here; use {answer['Allow']}."
