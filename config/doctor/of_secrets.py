"""Examinations of what keeps strangers out: settings, certificates that are about to run out, and passwords that everybody knows.

Owns which passwords those are. Says whose a password is, and never the password."""

import os
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cryptography import x509
from django.conf import settings
from django.contrib.auth.models import User
from django.core.checks import CheckMessage, Tags, run_checks
from django.core.checks import Error as CheckError

from config.checks import INSTALLATION
from config.doctor.examining import in_safe_words
from config.doctor.findings import Finding, error, warning
from streams.models import Account, Gateway

SOON_DAYS = 21
ANSWER_SECONDS = 5.0
OWN_AUTHORITIES = 5
"""A file with more of them is the system's, in which there are always some that ran out."""
TRIED_FIRST = ("admin", "password", "changeme", "streamdesk", "12345678")
OF_STORES = {*TRIED_FIRST, "postgres", "redis", "secret", "root", "guest", "pass", "1234", "123456", "test"}
STAFF_LOOKED_AT = 5
TRYING_SECONDS = 8.0
"""A password of a person takes a third of a second to try, by design, and several times as long on a machine that is busy."""
DEMO_ACCOUNT = "Demo"


def examine_configuration() -> Iterator[Finding]:
    """What `manage.py check --deploy` says of the installation. Without TLS, which our own check says, nothing else of it helps."""
    messages: list[CheckMessage] = run_checks(tags=[INSTALLATION])
    if settings.HTTPS:
        messages += run_checks(tags=[Tags.security], include_deployment_checks=True)
    for message in messages:
        if not message.is_silenced():
            found = error if isinstance(message, CheckError) else warning
            yield found(f"{message.msg} ({message.id})", message.hint or "See docs/operation.md.")


# Certificates -----------------------------------------------------------------------------------------------------------------
def examine_certificates() -> Iterator[Finding]:
    """Of the address that gateways and browsers use, and of authorities that were named."""
    address = urlsplit(settings.PUBLIC_URL)
    if address.scheme == "https" and address.hostname:
        yield from served(address.hostname, address.port or 443)
    named = ssl.get_default_verify_paths().openssl_cafile_env
    file = Path(os.environ.get(named) or os.devnull)
    if file.is_file() and file.read_bytes().count(b"BEGIN CERTIFICATE") <= OWN_AUTHORITIES:
        ends = [certificate.not_valid_after_utc for certificate in x509.load_pem_x509_certificates(file.read_bytes())]
        yield from running_out(f"An authority in {named}={file}", min(ends))


def served(host: str, port: int) -> Iterator[Finding]:
    where = f"{host}:{port}"
    try:
        ends = not_after(host, port, ssl.create_default_context())
    except ssl.SSLCertVerificationError as problem:
        what = f"The certificate of {where} is not trusted from here: {problem.verify_message}."
        yield error(what, "Renew it, or give the proxy the whole chain; of an authority of your own, name its file in SSL_CERT_FILE.")
        return
    except OSError as problem:
        what = f"PUBLIC_URL={settings.PUBLIC_URL} is not reached from here: {in_safe_words(problem)}."
        yield warning(what, "See whether the proxy runs and the name leads to it. From this machine it may be right that it does not.")
        return
    yield from running_out(f"The certificate of {where}", ends)


def not_after(host: str, port: int, context: ssl.SSLContext) -> datetime:
    with (
        closing(socket.create_connection((host, port), ANSWER_SECONDS)) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        certificate = secure.getpeercert(binary_form=True)
    assert certificate is not None
    return x509.load_der_x509_certificate(certificate).not_valid_after_utc


def running_out(whose: str, ends: datetime) -> Iterator[Finding]:
    days = (ends.timestamp() - time.time()) / 86_400
    if days < SOON_DAYS:
        told = f"{whose} {'ran out' if days < 0 else 'runs out'} on {ends.astimezone(UTC):%d %B %Y}"
        yield (error if days < 3 else warning)(f"{told}.", "Renew it, and see why that did not happen by itself.")


# Passwords --------------------------------------------------------------------------------------------------------------------
def stores() -> Iterator[Finding]:
    for name, url in (("DATABASE_URL", settings.DATABASE_URL), ("REDIS_URL", settings.REDIS_URL)):
        parts = urlsplit(url)
        if parts.hostname and parts.password and unquote(parts.password).lower() in {*OF_STORES, parts.username}:
            yield error(f"The password in {name} is one that everybody tries first.", "Give it one that a machine made.")


def people() -> Iterator[Finding]:
    """Superusers, the oldest first: those that an installation began with."""
    if not User.objects.filter(is_staff=True, is_active=True).exists():
        yield warning("Nobody may sign in to the console.", "manage.py createsuperuser")
    until = time.monotonic() + TRYING_SECONDS
    try:
        for user in User.objects.filter(is_superuser=True, is_active=True).order_by("pk")[:STAFF_LOOKED_AT]:
            if any(user.check_password(word) for word in in_time(passwords_tried_first(user.get_username()), until)):
                yield error(f"Superuser {user} has a password that everybody tries first.", f"manage.py changepassword {user}")
    except TimeoutError:
        yield warning("This machine is too slow, or too busy, to try all superusers' passwords.", "Ask again when less is going on.")


def in_time(words: Iterable[str], until: float) -> Iterator[str]:
    """Raises TimeoutError instead of one that would be later than `until`, by the monotonic clock."""
    for word in words:
        if time.monotonic() > until:
            raise TimeoutError
        yield word


def passwords_tried_first(name: str) -> Iterable[str]:
    return dict.fromkeys((*TRIED_FIRST, name, f"{name}123"))


def tenants() -> Iterator[Finding]:
    weak = [
        gateway.name
        for gateway in Gateway.objects.only("name", "password_digest").iterator(500)
        if any(gateway.check_password(word) for word in passwords_tried_first(gateway.name))
    ]
    if weak:
        named = ", ".join(weak[:5]) + (" and others" if len(weak) > 5 else "")
        yield error(
            f"Gateways have a password that everybody tries first: {named}.", "Set new ones in the console or the provisioning file."
        )
    if not settings.EMBEDDED and Account.objects.filter(name=DEMO_ACCOUNT, gateways__name="demo").exists():
        yield warning(
            "The demo account of the trial is in a real installation.", "Delete its gateway and application, or give it new passwords."
        )


def examine_passwords() -> Iterator[Finding]:
    yield from stores()
    yield from tenants()
    yield from people()
