"""The dashboard and the rules in deploy/: every metric that they name exists, and promtool takes them."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from channels.db import database_sync_to_async
from prometheus_client.parser import text_string_to_metric_families

from config.metrics.families import of_every_process
from config.metrics.figures import ask_what_waits
from config.metrics.of_calls import of_database, of_process, of_switchboard
from config.metrics.of_worker import of_deliveries
from config.metrics.rendering import rendered
from streams.models import Heartbeat
from tests.streams.gateway_socket import switchboard_running

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = [DEPLOY / "prometheus" / f"streamdesk.{kind}.yml" for kind in ("recording", "alerts")]
OF_PROMETHEUS = {"up"}
QUOTED = re.compile(r'"[^"]*"')
NAMED = re.compile(r"\b(?:streamdesk|process)[_:][a-z0-9_:]+|\bup\b")


def expressions() -> list[str]:
    rules = [rule["expr"] for file in RULES for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]
    panels = json.loads((DEPLOY / "grafana/streamdesk.json").read_text())["panels"]
    return rules + [target["expr"] for panel in panels for target in panel["targets"]]


def recorded() -> set[str]:
    return {rule["record"] for group in yaml.safe_load(RULES[0].read_text())["groups"] for rule in group["rules"]}


@pytest.mark.django_db(transaction=True)
async def test_every_metric_that_is_named_exists() -> None:
    async with switchboard_running() as board:
        await Heartbeat.objects.acreate(name="reaper", beat_at="2026-01-01T00:00:00Z")
        families = [*of_every_process("1", {"x": False}), *of_process(ready=True, stopping=False, troubles=[])]
        families += [*await of_switchboard(board), *of_deliveries()]
    families += [*of_database(await database_sync_to_async(ask_what_waits)())]
    there = {sample.name for family in text_string_to_metric_families(rendered(families).decode()) for sample in family.samples}
    there |= {f"{family.name}_total" for family in families if family.type == "counter"}  # of which nothing happened yet
    named = {name for expression in expressions() for name in NAMED.findall(QUOTED.sub("", expression))}
    assert len(named) > 30
    assert named - there - recorded() - OF_PROMETHEUS == set()


def test_what_is_recorded_is_asked_for() -> None:
    """A series that nobody reads is work each 15 s."""
    assert {name for name in recorded() if not any(name in expression for expression in expressions())} == set()


def test_every_alert_says_what_to_do() -> None:
    for group in yaml.safe_load(RULES[1].read_text())["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in ("page", "ticket") and rule["annotations"].keys() == {"summary", "action"}, rule["alert"]


def test_promtool_takes_rules_and_configuration() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("there is no promtool here (Debian: prometheus)")
    for arguments in (
        ["check", "rules", *map(str, RULES)],
        ["check", "config", "--syntax-only", str(DEPLOY / "prometheus/prometheus.yml")],
    ):
        done = subprocess.run([promtool, *arguments], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
