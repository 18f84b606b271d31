"""The settings as a fresh process reads them: what a given environment makes of them, which combinations do not start,
and that docs/operation.md names every setting an operator may set, and no other."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import warm_start

Done = subprocess.CompletedProcess[Any]

ROOT = Path(__file__).parents[2]
NAMES = ["EMBEDDED", "EMBEDDED_REDIS", "REDIS_URL", "DEBUG", "ALLOWED_HOSTS", "SECRET_KEY", "SECURE_SSL_REDIRECT", "CELERY_BROKER_URL"]
NAMES += ["DRAIN_NOTICE_SECONDS", "DRAIN_SECONDS", "API_DOCS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECRETS_KEYS"]
SHOW = f"""
import json
from config import settings
print(json.dumps([getattr(settings, name) for name in {NAMES}] + [str(network) for network in settings.DIAL_REACH.networks]))
"""
REAL = {
    "SECRET_KEY": "k" * 50,
    "SECRETS_KEY": "s" * 50,
    "ALLOWED_HOSTS": "desk.example.com",
    "REDIS_URL": "redis://:p@r.example/0",
    "DATABASE_URL": "postgresql://db.example/x",
}


MAILS = "import json; from config import settings; print(json.dumps(settings.MAIL))"


class Reader:
    """What an environment says, as the settings of a process that has this DATA_DIR."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, folder: Path | None = None, **environment: str) -> Done:
        return self.read_with(SHOW, folder, **environment)

    def read_with(self, code: str, folder: Path | None = None, **environment: str) -> Done:
        return self.run("-c", code, DATA_DIR=str(folder or self._folder), **environment)

    def run(self, *words: str, **environment: str) -> Done:
        clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        given = {"DATA_DIR": str(self._folder), **environment}
        return warm_start.outcome(words, clean | given)

    def __call__(self, folder: Path | None = None, **environment: str) -> dict[str, object]:
        done = self.read(folder, **environment)
        assert done.returncode == 0, done.stderr
        values = json.loads(done.stdout)
        return dict(zip(NAMES, values, strict=False)) | {"DIAL_ALLOW": values[len(NAMES) :]}


@pytest.fixture
def settings(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


def test_with_nothing_set_it_is_the_embedded_trial_on_this_machine(settings: Reader, tmp_path: Path):
    found = settings()
    assert found["EMBEDDED"] and found["EMBEDDED_REDIS"] and found["DEBUG"] is False
    assert found["DIAL_ALLOW"] == ["127.0.0.0/8", "::1/128"]
    assert found["CELERY_BROKER_URL"] == f"redis+socket://{tmp_path}/redis.sock"


def test_a_load_balancer_is_given_notice_and_the_trial_where_there_is_none_stops_at_once(settings: Reader):
    assert settings()["DRAIN_NOTICE_SECONDS"] == 0
    assert settings(**REAL)["DRAIN_NOTICE_SECONDS"] == 10


def test_calls_may_go_on_for_half_an_hour_when_a_real_installation_is_upgraded(settings: Reader):
    assert (settings()["DRAIN_SECONDS"], settings(**REAL)["DRAIN_SECONDS"]) == (30, 1800)


def test_the_secret_key_of_the_trial_is_made_once_and_kept_private(settings: Reader, tmp_path: Path):
    first = settings()["SECRET_KEY"]
    assert settings()["SECRET_KEY"] == first and len(str(first)) >= 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_secrets_of_the_trial_have_a_key_of_their_own_which_is_private_too(settings: Reader, tmp_path: Path):
    made = settings()["SECRETS_KEYS"]
    assert settings()["SECRETS_KEYS"] == made == [(tmp_path / "secrets_key").read_text()]
    assert made != [settings()["SECRET_KEY"]]
    assert (tmp_path / "secrets_key").stat().st_mode & 0o777 == 0o600
    assert settings(SECRETS_KEY=f"{'n' * 40}, {'o' * 40}")["SECRETS_KEYS"] == ["n" * 40, "o" * 40]


def test_a_deep_data_folder_gets_a_socket_path_that_is_short_enough(settings: Reader, tmp_path: Path):
    found = settings(tmp_path / ("x" * 100))
    assert len(str(found["REDIS_URL"])) < 107


def test_real_operation_may_dial_nothing_private_and_keeps_no_key_of_its_own(settings: Reader, tmp_path: Path):
    found = settings(**REAL, HTTPS="1", HOST="0.0.0.0")
    assert not found["EMBEDDED"] and found["DIAL_ALLOW"] == [] and found["SECURE_SSL_REDIRECT"]
    assert found["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is False
    assert settings(**REAL, HTTPS="1", HSTS_SUBDOMAINS="1")["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is True
    assert found["SECRET_KEY"] == "k" * 50 and not list(tmp_path.glob("secret*"))


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"REDIS_URL": "redis://r.example/0"}, "SECRET_KEY is not set."),
        ({"SECRET_KEY": "short"}, "SECRET_KEY has 5 characters. Set it to 50 or more random characters."),
        ({**REAL, "ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS=* would let any site use the console."),
        ({**REAL, "DEBUG": "1"}, "With ALLOWED_HOSTS other than localhost set DEBUG=0."),
        ({**REAL, "SECRETS_KEY": ""}, "SECRETS_KEY is not set. It seals auth tokens"),
        ({**REAL, "SECRETS_KEY": "s" * 50 + ",short"}, "SECRETS_KEY: key 2 of 2 has 5 characters."),
        ({**REAL, "SECRETS_KEY": "k" * 50}, "SECRETS_KEY is the same as SECRET_KEY."),
        ({**REAL, "SECRETS_KEY": "s" * 50 + " " + "s" * 50}, "SECRETS_KEY has the same key twice."),
        (
            {"HOST": "0.0.0.0", "SECRET_KEY": "k" * 50, "SECRETS_KEY": "s" * 50},
            "HOST=0.0.0.0 opens the platform to the network. Set ALLOWED_HOSTS",
        ),
        ({"PORT": "http"}, "PORT='http' is not a number from 1 to 65535."),
        ({"DATABASE_URL": "oracle://x", "SECRET_KEY": "k" * 50, "SECRETS_KEY": "s" * 50}, "DATABASE_URL begins with oracle."),
        ({"DIAL_ALLOW": "everything"}, "DIAL_ALLOW: "),
        ({"TRUSTED_PROXIES": "nginx.example.com"}, "TRUSTED_PROXIES: "),
        ({"DIAL_PORTS": "80 https"}, "DIAL_PORTS has 'https'. Write ports and ranges of them, from 1 to 65535, such as 80 443 1024-65535."),
        ({"DIAL_PORTS": "90-80"}, "DIAL_PORTS has '90-80'"),
        ({"DIAL_PORTS": "0"}, "DIAL_PORTS has '0'"),
        ({"DIAL_PORTS": "1-65536"}, "DIAL_PORTS has '1-65536'"),
        ({"NAT64_PREFIXES": "64:ff9b:1::/50"}, "A NAT64 prefix is an IPv6 network of one of /32, /40, /48, /56, /64, /96."),
        ({"NAT64_PREFIXES": "10.0.0.0/8"}, "NAT64_PREFIXES has 10.0.0.0/8."),
        ({"EMAIL_URL": "smtps://u:geheim@mail.example.org"}, "EMAIL_URL begins with smtps. Write smtp://user:password@host:25"),
        ({"EMAIL_URL": "smtp://u:geheim@mail.example.org:x"}, "EMAIL_URL cannot be read: its port or its timeout is no number."),
        ({"EMAIL_URL": "submission://"}, "EMAIL_URL names no host."),
        ({"MAIL_FROM": "nobody"}, "MAIL_FROM is not a sender. Write Streamdesk <alerts@example.org>."),
        ({"OIDC_ISSUER": "https://id.example.org"}, "OIDC_ISSUER is set. Set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET"),
        ({"OIDC_ISSUER": "http://id.example.org", "OIDC_CLIENT_ID": "a", "OIDC_CLIENT_SECRET": "b"}, "does not begin with https://"),
        ({"OIDC_ROLES": "desk-support"}, "OIDC_ROLES=desk-support has no pairs. Write them as desk-support=Support"),
        ({"METRICS_TOKEN": "short"}, "METRICS_TOKEN has 5 characters, and needs at least 24."),
        ({**REAL, "WORKER_METRICS": "127.0.0.1:9101"}, "WORKER_METRICS is set, and nobody may read there."),
        (
            {"RECORDINGS_STORAGE": "no_such_library.Storage"},
            "RECORDINGS_STORAGE=no_such_library.Storage: there is no no_such",
        ),
        ({"EXPORTS_STORAGE_OPTIONS": '{"a": 1}'}, "EXPORTS_STORAGE_OPTIONS is set and EXPORTS_STORAGE is not"),
        ({"RECORDINGS_STORAGE_OPTIONS": "{"}, "RECORDINGS_STORAGE_OPTIONS is no JSON"),
        ({"RECORDINGS_STORAGE_OPTIONS": "[1]"}, "RECORDINGS_STORAGE_OPTIONS has to be a JSON object"),
        ({"RECORDINGS_STORAGE_OPTIONS": '{"a": 1}'}, "RECORDINGS_STORAGE_OPTIONS is set and RECORDINGS_STORAGE is not"),
        ({"OIDC_SCOPES": "profile"}, "OIDC_SCOPES=profile has no openid in it."),
    ],
)
def test_unsafe_or_unreadable_settings_do_not_start(settings: Reader, environment: dict[str, str], sentence: str):
    done = settings.read(**environment)
    assert done.returncode != 0 and sentence in done.stderr and "Traceback" not in done.stderr
    assert "geheim" not in done.stderr


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("smtp://mail.example.org", {"host": "mail.example.org", "port": 25, "use_tls": False, "use_ssl": False, "timeout": 10}),
        ("submission://u%40x:p%2Fw@mail.example.org", {"port": 587, "use_tls": True, "username": "u@x", "password": "p/w"}),
        ("smtp://mail.example.org:465/?ssl=True&timeout=5", {"port": 465, "use_ssl": True, "use_tls": False, "timeout": 5}),
    ],
)
def test_mail_by_its_url(settings: Reader, url: str, options: dict[str, object]):
    backend, found, sender, place = json.loads(settings.read_with(MAILS, EMAIL_URL=url, MAIL_FROM="Desk <desk@example.org>").stdout)
    assert backend == "cdr.alerts.mail_server.DeadlineBackend" and found.items() >= options.items()
    assert sender == "Desk <desk@example.org>" and place == f"mail.example.org:{options['port']}"


def test_mails_of_the_trial_are_files_and_a_real_installation_is_told_that_it_sends_none(settings: Reader, tmp_path: Path):
    backend, found, _, place = json.loads(settings.read_with(MAILS).stdout)
    assert backend.endswith("filebased.EmailBackend") and place == f"the folder {tmp_path / 'mail'}" == f"the folder {found['file_path']}"
    assert json.loads(settings.read_with(MAILS, **REAL).stdout)[0] == ""


def test_the_manual_lists_exactly_what_the_settings_read():
    code = "\n".join(file.read_text() for file in (ROOT / "config").glob("*.py"))
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z0-9_]+)"', code))
    listed = set(re.findall(r"^\| `([A-Z0-9_]+)` \|", (ROOT / "docs/operation.md").read_text(), re.MULTILINE))
    assert read == listed


HARDENED = {
    **REAL,
    "SECRET_KEY": "kZ7-2qLw9xB4vT1mN6pR8sD3fG5hJ0cYaU_eWiOzXbQkA7d-LmVy2",
    "HTTPS": "1",
    "TRUSTED_PROXIES": "10.0.0.0/24",
    "HSTS_SUBDOMAINS": "0",
}


CHECKED = """
import sys
import manage
sys.argv = ["manage.py", "check", "--deploy", "--fail-level", "WARNING"]
manage.main()
from django.urls import resolve
print([resolve(path).func.__name__ for path in ("/v1/docs", "/v1/openapi.json", "/v1/Account/MA1/")])
"""


def test_the_check_for_deployments_finds_nothing_in_the_configuration_of_the_manual_whose_api_does_not_describe_itself(settings: Reader):
    """Where its own pages would be it answers as on any path that is none."""
    done = settings.read_with(CHECKED, **HARDENED, API_DOCS="0")
    assert done.returncode == 0 and "no issues" in done.stdout, done.stderr
    routes = done.stdout.splitlines()[-1]
    assert routes.startswith("['unknown', 'unknown', ") and "unknown']" not in routes


def test_the_check_for_deployments_says_what_is_missing(settings: Reader):
    tags = ("--tag", "security", "--tag", "installation")
    unwise = HARDENED | {"HSTS_SUBDOMAINS": "", "TRUSTED_PROXIES": ""}
    done = settings.run("manage.py", "check", "--deploy", *tags, "--fail-level", "WARNING", **unwise)
    assert set(re.findall(r"^\?: \(([\w.]+)\)", done.stderr, re.MULTILINE)) == {"security.W005", "streamdesk.W007"}, done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("environment", "shown"), [({}, True), (REAL, False), ({**REAL, "API_DOCS": "1"}, True), ({"API_DOCS": "0"}, False)]
)
def test_the_api_describes_itself_in_the_trial_and_where_it_is_asked_to(settings: Reader, environment: dict[str, str], shown: bool):
    assert settings(**environment)["API_DOCS"] is shown
