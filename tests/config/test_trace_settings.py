"""What the environment may say of traces, and the sentence for what it may not."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import trace_settings
from config.environment import Environment
from config.trace_settings import share_of_calls

COLLECTOR = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


def test_off_unless_a_collector_is_named_and_of_all_calls_unless_fewer_are_wanted() -> None:
    assert share_of_calls(Environment({})) == 0.0
    assert share_of_calls(Environment({"TRACE_SHARE": "0.5"})) == 0.0
    assert share_of_calls(Environment(COLLECTOR)) == 1.0
    assert share_of_calls(Environment({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://c.example:4318", "TRACE_SHARE": "0.01"})) == 0.01


@pytest.mark.parametrize("address", ["localhost:4318", "grpc://localhost:4317", "http://", "collector"])
def test_what_is_no_collector_is_said_before_anything_starts(address: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="OTEL_EXPORTER_OTLP_ENDPOINT is not the address of a collector"):
        share_of_calls(Environment({"OTEL_EXPORTER_OTLP_ENDPOINT": address}))


def test_without_the_library_it_says_how_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(trace_settings, "find_spec", nowhere)
    with pytest.raises(ImproperlyConfigured, match="pip install -r requirements-tracing.txt"):
        share_of_calls(Environment(COLLECTOR))
