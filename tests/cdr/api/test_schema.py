"""The API's description of itself: it says what is done, and whatever is asked is answered as it says."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as examples
from schemathesis.checks import not_a_server_error
from schemathesis.core import NOT_SET
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from cdr.api import auth
from cdr.api.schemas import StreamStart
from cdr.api.throttle import REQUESTS
from cdr.api.v1 import api
from cdr.models import Adjustment
from streams.models import Account, AuthToken, Call, StreamRecording
from streams.pure.customer.stream_request import check_request
from tests.cdr.api.customers import SERVICE_URL, Customer
from tests.streams.recordings.kept_files import kept

DESCRIBED = dict(api.get_openapi_schema(path_prefix="/v1/"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
schema = schemathesis.pytest.from_fixture("described")
of_any_call = schemathesis.pytest.from_fixture("described_without_edges")
"""Both make their cases when they are run, and not in each process that only looks which tests there are."""
numbers = count()
pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")  # it is asked by WSGI here


@pytest.fixture
def described(request: pytest.FixtureRequest) -> Any:
    """Asked in this process, without a server and a socket."""
    request.node._nodeid = request.node.nodeid  # schemathesis reads it, and pytest 9.2 calls it otherwise
    found = schemathesis.openapi.from_dict(with_one_comparison(DESCRIBED))
    found.app = WSGIHandler()
    return found


def with_one_comparison(described: dict[str, Any]) -> dict[str, Any]:
    """Of filters that compare a value in five ways, one: the value is described, and read, the same way in all. (What each finds is tried
    in test_calls.py.)"""
    described = copy.deepcopy(described)
    for operation in (operation for methods in described["paths"].values() for operation in methods.values()):
        kept = [each for each in operation.get("parameters", []) if not each["name"].endswith(("__gte", "__lt", "__lte"))]
        operation["parameters"] = kept
    return described


@pytest.fixture
def described_without_edges(described: Any) -> Any:
    """Each field's edges are tried on the call there is."""
    described.config.phases.update(phases=["examples", "fuzzing"])
    return described


def test_the_schema_is_served_to_everybody(client: Any) -> None:
    served = client.get("/v1/openapi.json").json()
    assert served["paths"].keys() == DESCRIBED["paths"].keys()
    assert all(path.endswith("/") for path in served["paths"])
    assert served["components"]["securitySchemes"] == {"AccountAuth": {"type": "http", "scheme": "basic"}}


def test_the_body_of_a_start_is_described_with_its_defaults() -> None:
    """What `checked` makes of a request with nothing but a URL is what the schema says it is."""
    asked = check_request({"service_url": SERVICE_URL})
    described = {name: field.default for name, field in StreamStart.model_fields.items() if not field.is_required()}
    for name, default in described.items():
        assert getattr(asked, "stream_timeout_seconds" if name == "stream_timeout" else name) == default


def test_every_operation_has_its_place_in_the_documentation() -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "api.md").read_text()
    for path, methods in DESCRIBED["paths"].items():
        for method in methods:
            assert f"`{method.upper()} {path.removeprefix('/v1/Account/{auth_id}/') or path}`" in text


@pytest.fixture
def unlimited(acme: Customer, recordings_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Customer]:
    """With a call, and a statement of this month. A request does not close the connection in whose transaction the test is. Nobody is
    refused for asking too often, and a token is looked up once, and was used just now."""
    monkeypatch.setattr(auth, "REQUESTS", replace(REQUESTS, most=1_000_000))
    AuthToken.objects.update(last_used_at=timezone.now())
    monkeypatch.setattr(auth, "token_of", cache(auth.token_of))
    Account.objects.update(concurrent_streams_limit=1_000_000, stream_starts_per_second=1_000_000, customers_listen=True)
    acme.account.refresh_from_db()
    acme.live_call()
    owes = {"account": acme.account, "currency": "USD", "amount": "-1.00000", "at": timezone.now(), "created_by": "anna"}
    Adjustment.objects.create(**owes, reason="So that there is a statement")
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield acme
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def there(unlimited: Customer) -> dict[str, str]:
    return there_is(unlimited.account.calls.get())


@pytest.mark.slow
@pytest.mark.usefixtures("there")  # from the beginning: the test is made of many
@schema.parametrize()
@examples(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_server_error_and_no_undeclared_answer(case: schemathesis.Case, unlimited: Customer, there: dict[str, str]) -> None:
    """Of a call and a stream that are there, with a service that can be named: what is generated gets past the first refusal."""
    case.path_parameters.update({name: there[name] for name in case.path_parameters if name in there})
    if isinstance(case.body, dict) and isinstance(case.body.get("service_url"), str):
        case.body["service_url"] = f"{SERVICE_URL}/{len(case.body['service_url'])}/{next(numbers)}"
    asked(case, unlimited)


@pytest.mark.slow
@pytest.mark.usefixtures("unlimited")
@of_any_call.include(path_regex="call_uuid").parametrize()
@examples(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
def test_nor_about_any_call(case: schemathesis.Case, unlimited: Customer) -> None:
    asked(case, unlimited)


GIVEN: dict[str, Any] = {
    "POST /v1/Account/{auth_id}/Call/{call_uuid}/Stream/": {"service_url": SERVICE_URL, "bidirectional": True, "audio_track": "inbound"},
    "POST /v1/Account/{auth_id}/Call/{call_uuid}/DTMF/": {"digits": "1w2#"},
}
"""What an operation is asked with where something is to be given."""


def test_every_operation_does_for_its_account_what_it_says(unlimited: Customer, described: Any) -> None:
    """Rightly asked it succeeds, as described, in each form that it takes; without credentials there is nothing."""
    for operation in (found.ok() for found in described.get_all_operations()):
        body = GIVEN.get(operation.label, NOT_SET)
        for media_type in operation.get_request_payload_content_types() if body is not NOT_SET else [None]:
            there = {**there_is(unlimited.live_call()), "kind": "Number", "month": f"{timezone.now():%Y-%m}", "currency": "USD"}
            rightly_asked = operation.Case(path_parameters=there, body=body, media_type=media_type)
            statuses = [asked(rightly_asked, unlimited, who).status_code for who in ("", unlimited.authorization)]
            assert (statuses[0], statuses[1] // 100) == (401, 2), (operation.label, statuses)


def there_is(call: Call) -> dict[str, str]:
    """Ids of what there is: the call, and its stream that streams."""
    stream = call.streams.filter(state="streaming").first() or call.streams.first()
    if stream and not StreamRecording.objects.filter(stream=stream).exists():
        kept(stream)
    return {"call_uuid": str(call.uuid), **({"stream_id": str(stream.uuid)} if stream else {})}


def asked(case: schemathesis.Case, acme: Customer, authorization: str | None = None) -> Any:
    case.path_parameters["auth_id"] = acme.account.auth_id
    given = acme.authorization if authorization is None else authorization
    with transaction.atomic():  # what is made is taken back, or the next case would find more and more
        answer = case.call(base_url="http://localhost", headers={"Authorization": given} if given else {})
        transaction.set_rollback(True)
    assert answer.status_code != 429, "it was refused before anybody looked at it"
    case.validate_response(answer, checks=CHECKS)
    return answer
