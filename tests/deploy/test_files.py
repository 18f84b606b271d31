"""What is shipped in deploy/ for systemd, containers and proxies: taken by the tools that read it, where they are, and true to the
platform's own settings."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
MANIFESTS = sorted(file for file in (DEPLOY / "kubernetes").glob("*.yaml") if file.name != "kustomization.yaml")
NOTICE_SECONDS, DRAIN_SECONDS, LAST_SECONDS = 10, 1800, 20
"""A real installation's, and what is left to write things down (docs/operation.md, Stopping)."""


def tool(name: str, where_from: str) -> str:
    places = os.pathsep.join([str(ROOT / ".venv-lint/bin"), os.environ.get("PATH", ""), "/usr/sbin"])
    found = shutil.which(name, path=places)
    if found is None:
        pytest.skip(f"there is no {name} here ({where_from})")
    return found


def taken(*command: object) -> str:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def documents(file: Path) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(file.read_text()) if document]


def manifests() -> list[dict[str, Any]]:
    return [document for file in MANIFESTS for document in documents(file)]


def settings_of_the_manual() -> set[str]:
    return set(re.findall(r"^\| `([A-Z0-9_]+)` \|", (ROOT / "docs/operation.md").read_text(), re.MULTILINE))


# By the tools that read them -------------------------------------------------------------------------------------------------
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    analyze = tool("systemd-analyze", "Debian: systemd")
    for file in (*UNITS, DEPLOY / "systemd/streamdesk.target"):
        name = file.name.replace("@.", "@8001.")
        (tmp_path / name).write_text(re.sub(r"/opt/streamdesk/\.venv/bin/\w+", "/bin/true", file.read_text()))
    said = taken(analyze, "verify", "--man=no", *sorted(tmp_path.iterdir()))
    assert not [line for line in said.splitlines() if "streamdesk" in line], said
    for unit in sorted(tmp_path.glob("*.service")):
        level = re.search(r"exposure level for \S+: ([\d.]+)", taken(analyze, "security", "--offline=true", "--no-pager", unit))
        assert level and float(level[1]) < 2.5, f"{unit.name}: {level}"


def test_caddy_takes_the_caddyfile() -> None:
    caddy = tool("caddy", "Debian: caddy")
    environment = {**os.environ, "STREAMDESK_SITE": "streams.example.org", "STREAMDESK_WEBS": "web1:8000 web2:8000"}
    command = [caddy, "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "caddy/Caddyfile")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 and "Valid configuration" in done.stdout + done.stderr, done.stderr


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    taken(tool("hadolint", "make setup-lint"), DEPLOY / "docker/Dockerfile")


def test_manifests_follow_the_schemas_of_kubernetes() -> None:
    validate = tool("kubernetes-validate", "make setup-lint")
    for file in MANIFESTS:
        taken(validate, "--strict", file)


def test_compose_takes_its_file() -> None:
    docker = tool("docker", "a container engine")
    environment = {
        **os.environ,
        "SITE": "a.example",
        **dict.fromkeys(("POSTGRES_PASSWORD", "REDIS_PASSWORD", "SECRET_KEY", "SECRETS_KEY"), "x" * 50),
    }
    command = [docker, "compose", "-f", str(DEPLOY / "docker/compose.yaml"), "config", "--quiet"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    if "is not a docker command" in done.stderr or "unknown shorthand" in done.stderr:
        pytest.skip("docker here has no compose")
    assert done.returncode == 0, done.stderr


# True to the platform --------------------------------------------------------------------------------------------------------
def test_whatever_stops_a_process_with_calls_lets_them_go_on() -> None:
    needed = NOTICE_SECONDS + DRAIN_SECONDS + LAST_SECONDS
    unit = (DEPLOY / "systemd/streamdesk-media@.service").read_text()
    compose = yaml.safe_load((DEPLOY / "docker/compose.yaml").read_text())["services"]
    [media] = [each for each in manifests() if each["kind"] == "StatefulSet"]
    found = re.search(r"^TimeoutStopSec=(\d+)", unit, re.MULTILINE)
    assert found and int(found[1]) >= needed
    assert all(int(compose[web]["stop_grace_period"].removesuffix("s")) >= needed for web in ("web1", "web2"))
    assert media["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= needed + 5  # preStop counts as well


def test_every_setting_that_is_set_is_one() -> None:
    known = settings_of_the_manual()
    compose = yaml.safe_load((DEPLOY / "docker/compose.yaml").read_text())["x-platform"]["environment"]
    named = {*compose, *re.findall(r"^#?([A-Z_]+)=", (DEPLOY / "streamdesk.env.example").read_text(), re.MULTILINE)}
    for each in manifests():
        named |= {*each.get("data", {}), *each.get("stringData", {})} if each["kind"] in ("ConfigMap", "Secret") else set()
    image = (DEPLOY / "docker/Dockerfile").read_text().split("ENV PATH")[1].split("USER")[0]
    named |= set(re.findall(r"\b([A-Z_]+)=", image)) - {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
    assert named - known == set()


def test_containers_run_as_nobody_in_particular_on_a_root_that_is_read_only() -> None:
    for each in manifests():
        if each["kind"] in ("Deployment", "StatefulSet", "Job"):
            pod = each["spec"]["template"]["spec"]
            assert pod["securityContext"]["runAsNonRoot"] and pod["automountServiceAccountToken"] is False
            for container in pod["containers"]:
                may = container["securityContext"]
                assert may["readOnlyRootFilesystem"] and not may["allowPrivilegeEscalation"] and may["capabilities"] == {"drop": ["ALL"]}
    services = yaml.safe_load((DEPLOY / "docker/compose.yaml").read_text())["services"]
    for name in ("migrate", "web1", "web2", "worker", "beat"):
        assert services[name]["read_only"] and services[name]["cap_drop"] == ["ALL"], name
    assert re.search(r"^USER 10001$", (DEPLOY / "docker/Dockerfile").read_text(), re.MULTILINE)


def test_probes_are_the_two_that_each_is_for() -> None:
    pods = [
        each["spec"]["template"]["spec"]
        for each in manifests()
        if each["metadata"]["name"] in ("streamdesk-media", "streamdesk-console") and each["kind"] in ("StatefulSet", "Deployment")
    ]
    assert len(pods) == 2
    for pod in pods:
        [container] = pod["containers"]
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz" and container["livenessProbe"]["httpGet"]["path"] == "/healthz"
        assert container["lifecycle"]["preStop"]["exec"]["command"][0] == "sleep"


def test_no_file_has_a_secret_in_it() -> None:
    for name in ("streamdesk.env.example", "docker/compose.env.example"):
        for line in (DEPLOY / name).read_text().splitlines():
            key, _, value = line.partition("=")
            assert not (key in ("SECRET_KEY", "SECRETS_KEY", "METRICS_TOKEN", "POSTGRES_PASSWORD", "REDIS_PASSWORD") and value), line


def test_what_goes_into_the_image_is_what_runs() -> None:
    """.dockerignore lets nothing else in: no data, no environment file, no tests."""
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = set(re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "docker/Dockerfile").read_text(), re.MULTILINE))
    assert {word for line in copied for word in line.split()} == allowed
    assert all((ROOT / name).exists() for name in allowed)
