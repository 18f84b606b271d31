"""The API's description of itself: it says what is done, and whatever is asked is answered as it says."""

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.conf import settings
from hypothesis import HealthCheck
from hypothesis import settings as examples
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from cdr.api.schemas import StreamStart
from cdr.api.v1 import api
from streams.models import Account
from streams.pure.customer.stream_request import check_request
from tests.cdr.api.customers import SERVICE_URL, Customer

DESCRIBED = dict(api.get_openapi_schema(path_prefix="/v1/"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
schema = schemathesis.openapi.from_dict(DESCRIBED)
of_any_call = schemathesis.openapi.from_dict(DESCRIBED)
of_any_call.config.phases.update(phases=["examples", "fuzzing"])  # each field's edges are tried on the call there is


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


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@schema.parametrize()
@examples(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_server_error_and_no_undeclared_answer(case: schemathesis.Case, live_server: Any, acme: Customer) -> None:
    call = acme.account.calls.first() or acme.live_call()
    if "call_uuid" in case.path_parameters:
        case.path_parameters["call_uuid"] = str(call.uuid)
    asked(case, live_server.url, acme)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@of_any_call.include(path_regex="call_uuid").parametrize()
@examples(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_nor_about_any_call(case: schemathesis.Case, live_server: Any, acme: Customer) -> None:
    asked(case, live_server.url, acme)


def asked(case: schemathesis.Case, url: str, acme: Customer) -> None:
    Account.objects.update(concurrent_streams_limit=1_000_000, stream_starts_per_second=1_000_000)
    case.path_parameters["auth_id"] = acme.account.auth_id
    answer = case.call(base_url=url, headers={"Authorization": acme.authorization})
    case.validate_response(answer, checks=CHECKS)
