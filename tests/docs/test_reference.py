"""The reference that is made of the code: what the code knows stands there, each of it, and by no list of its own."""

import json

import pytest
from channels.db import database_sync_to_async
from django.conf import settings
from prometheus_client.parser import text_string_to_metric_families

from cdr.api.v1 import api
from cdr.pure.alerts.kinds import KINDS
from config.metrics.of_calls import TROUBLES
from config.metrics.of_worker import of_deliveries
from config.metrics.page import MetricsPage
from config.serving_role import ALL
from docs.site import commands_page, ends_page, figures_page, log_page, operations_page, settings_page
from streams.pure.customer.close_codes import OURS
from streams.pure.gateway.refusal import Reason
from streams.pure.lifecycle import API_HANGUP, UNSUPPORTED_MEDIA, CallbackEvent, EndCause, EventKind, HangupReason
from tests.config.metrics.test_page import LOOPBACK, answered, elsewhere
from tests.streams.gateway_socket import switchboard_running
from tests.streams.rows import gateway


def rows(page: str) -> set[str]:
    """What begins each row of its tables, without its marks."""
    return {line.split("|")[1].strip(" `") for line in page.splitlines() if line.startswith("| ")}


def test_every_event_has_its_words() -> None:
    page = log_page.render()
    assert {kind.value for kind in EventKind} <= rows(page)
    of_calls, of_streams = page.split("## Of a stream")
    assert "`call_ended`" in of_calls and "`stream_requested`" in of_streams
    assert r"The application's answer URL was asked\[: ⟨method⟩\] \[⟨url⟩\]." in of_calls
    assert "| Digit ⟨digit⟩ was pressed on the call / A digit was pressed on the call. |" in of_calls and "{" not in page


def test_every_end_cause_and_code_is_there() -> None:
    page = ends_page.render()
    assert {*EndCause, *Reason, *map(str, OURS)} <= rows(page)
    assert all(reason.value in page for reason in HangupReason) and all(f"`{event}`" in page for event in CallbackEvent)
    assert {API_HANGUP, UNSUPPORTED_MEDIA} < set(ends_page.hangup_causes())
    assert all(f"| {cause.code} | {cause.name} |" in page for cause in ends_page.hangup_causes())


def test_every_setting_is_there_with_what_it_takes() -> None:
    page = settings_page.render()
    assert settings_page.read_by_the_code().keys() <= rows(page)
    assert "| `LOG_FORMAT` | a word, plain or json | `plain` |" in page
    assert "| `PORT` | a whole number, 1 to 65,535 | `8000` |" in page
    assert "](../operation.md#secrets-at-rest)" in page and "](../recordings.md" not in page.replace("](../recordings.md)", "")


def test_a_setting_that_the_manual_does_not_know_stops_the_making(monkeypatch: pytest.MonkeyPatch) -> None:
    known = settings_page.read_by_the_code()
    monkeypatch.setattr(settings_page, "read_by_the_code", lambda: known | {"NEW_ONE": settings_page.Read("NEW_ONE", "text", "")})
    with pytest.raises(SystemExit, match="do not agree on NEW_ONE"):
        settings_page.render()


@pytest.mark.django_db(transaction=True)
async def test_every_figure_that_a_process_shows_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked of the page itself, and of a worker's."""
    monkeypatch.setattr(settings, "METRICS_ALLOW", LOOPBACK)
    await database_sync_to_async(gateway)("pbx")
    async with switchboard_running():
        code, text = await answered(MetricsPage(elsewhere, ALL))
    assert code == 200
    shown = {family.name for family in text_string_to_metric_families(text)} | {family.name for family in of_deliveries()}
    page = figures_page.render()
    assert {name for name in shown if not rows(page) & {name, f"{name}_total"}} == set()
    assert {*KINDS} <= rows(page) and all(f"`{about}`" in page for about in TROUBLES)


def test_every_operation_is_there_with_its_objects() -> None:
    page = operations_page.render()
    described = api.get_openapi_schema(path_prefix="/v1/")
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert f"\n### {operation['summary']}\n\n`{method.upper()} {path}`\n" in page
    assert all(f"\n### {name}\n" in page for name, schema in described["components"]["schemas"].items() if schema.get("properties"))
    assert json.loads(operations_page.described_for_programs())["paths"].keys() == described["paths"].keys()
    assert "| `stream_timeout` | integer, 1 to 2147483647 | `86400` |" in page


def test_every_command_of_ours_is_there_with_its_own_help() -> None:
    page = commands_page.render()
    assert {f"## {name}" for name in ("doctor", "export_cdr", "provision", "run", "serve", "simulate_gateway")} <= set(page.splitlines())
    assert "--early-frames" in page and "--verbosity" not in page.split("```text", 1)[1]
    assert "| `make docs` |" in page
