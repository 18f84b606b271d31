"""What a doctor says of settings, certificates and passwords: real TLS servers, real users."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User

from config.doctor import of_secrets
from config.doctor.findings import Severity
from tests.journeys.certificates import Authority
from tests.streams.rows import gateway


@contextmanager
def serving_tls(context: ssl.SSLContext) -> Iterator[int]:
    """Handshakes, one after the other, until the end."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    plain, _ = listener.accept()
                    with suppress(OSError), plain, context.wrap_socket(plain, server_side=True) as secure:
                        secure.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(30)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


# Certificates -----------------------------------------------------------------------------------------------------------------
def test_a_certificate_that_runs_out_tomorrow_is_told(settings, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with serving_tls(authority.customer()) as port:
        settings.PUBLIC_URL = f"https://127.0.0.1:{port}"
        served, own = of_secrets.examine_certificates()
    assert served.severity is Severity.ERROR and f"The certificate of 127.0.0.1:{port} runs out on" in served.what
    assert "An authority in SSL_CERT_FILE" in own.what


def test_a_certificate_of_an_authority_that_nobody_knows_is_told(settings, authority: Authority) -> None:
    with serving_tls(authority.customer()) as port:
        settings.PUBLIC_URL = f"https://127.0.0.1:{port}"
        [found] = of_secrets.served("127.0.0.1", port)
    assert "is not trusted from here: unable to get local issuer certificate" in found.what and "SSL_CERT_FILE" in found.remedy


def test_an_address_where_nobody_answers_is_a_warning(settings, unused_tcp_port: int) -> None:
    settings.PUBLIC_URL = f"https://127.0.0.1:{unused_tcp_port}"
    [found] = of_secrets.served("127.0.0.1", unused_tcp_port)
    assert found.severity is Severity.WARNING and "is not reached from here" in found.what


@pytest.mark.parametrize(("days", "severity"), [(-1, "error"), (2, "error"), (10, "warning"), (60, "")])
def test_how_soon_is_soon(days: int, severity: str) -> None:
    found = list(of_secrets.running_out("It", datetime.now(UTC) + timedelta(days=days, minutes=1)))
    assert [each.severity for each in found] == ([severity] if severity else [])
    assert not found or ("ran out" in found[0].what) == (days < 0)


# Passwords --------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("postgresql://streamdesk:streamdesk@db/x", 1),
        ("postgresql://desk:desk@db/x", 1),
        ("postgresql://desk:Kq3vX8pLw2@db/x", 0),
        ("postgresql://desk@/x", 0),
        ("", 0),
    ],
)
def test_a_password_of_a_store_that_everybody_tries_is_told_and_never_shown(settings, url: str, found: int) -> None:
    settings.DATABASE_URL, settings.REDIS_URL = url, "redis://:p0kdC9xZ@r/0"
    findings = list(of_secrets.stores())
    assert len(findings) == found and not any("desk" in each.what for each in findings)


@pytest.mark.django_db
def test_superusers_with_first_passwords_are_told() -> None:
    User.objects.create_superuser("boss", password="boss123")
    User.objects.create_superuser("careful", password="a-long-and-unguessed-sentence")
    [found] = of_secrets.people()
    assert "Superuser boss" in found.what and "boss123" not in found.what and "changepassword boss" in found.remedy


@pytest.mark.django_db
def test_a_machine_too_slow_to_try_them_all_is_no_error_and_keeps_nothing_back(monkeypatch) -> None:
    """Beside a load of 14 the first superuser's seven took 15 s."""
    User.objects.create_superuser("boss", password="admin")
    User.objects.create_superuser("careful", password="a-long-and-unguessed-sentence")
    looks = count(0.0, of_secrets.TRYING_SECONDS / 3)
    monkeypatch.setattr(of_secrets, "time", SimpleNamespace(monotonic=lambda: next(looks)))
    told, busy = of_secrets.people()
    assert "Superuser boss" in told.what and (busy.severity, "too busy" in busy.what) == (Severity.WARNING, True)


@pytest.mark.django_db
def test_a_console_that_nobody_may_enter_is_told() -> None:
    [found] = of_secrets.people()
    assert "createsuperuser" in found.remedy


@pytest.mark.django_db
def test_gateways_with_first_passwords_and_the_demo_of_the_trial_are_told(settings) -> None:
    settings.EMBEDDED = False
    gateway("weak", password="weak")
    gateway("sound", password="k4PzX0vQm8sYtLwR2bNc")
    row = gateway("demo", password="k4PzX0vQm8sYtLwR2bNc")
    row.account.name = of_secrets.DEMO_ACCOUNT
    row.account.save()
    weak, demo = of_secrets.tenants()
    assert weak.what.endswith(": weak.") and "demo account" in demo.what


# Settings ---------------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_what_the_checks_say_is_told_with_their_number(settings) -> None:
    settings.EMBEDDED, settings.HTTPS = False, False
    settings.TRUSTED_PROXIES = (ip_network("0.0.0.0/0"),)
    found = {each.what.rpartition("(")[2].rstrip(")") for each in of_secrets.examine_configuration()}
    assert "streamdesk.W008" in found and not any(number.startswith("security") for number in found)
    settings.HTTPS = True
    assert any("security." in each.what for each in of_secrets.examine_configuration())
