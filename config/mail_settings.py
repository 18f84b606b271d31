"""How mails are sent, from EMAIL_URL: the one setting of it, read by dj-email-url.

Owns its name, its default in the trial (a folder, where mails can be read) and the wording of what is wrong with it. Must not know what is
mailed."""

from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import dj_email_url
from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment

TIMEOUT_SECONDS, DEADLINE_SECONDS = 10, 20.0
BY_SMTP = "cdr.alerts.mail_server.DeadlineBackend"
TO_A_FOLDER = "django.core.mail.backends.filebased.EmailBackend"
FORMS = "Write smtp://user:password@host:25, submission://user:password@host:587 (STARTTLS), smtp://host:465/?ssl=True, or file:///folder."


class Mail(NamedTuple):
    """`backend`: Django's name of what sends, "" when mails are not sent; `options`: for it. `place`: where they go, as people are told."""

    backend: str
    options: dict[str, Any]
    sender: str
    place: str


def read(env: Environment, data_dir: Path, *, embedded: bool) -> Mail:
    url = env.text("EMAIL_URL")
    sender = env.text("MAIL_FROM") or "Streamdesk <streamdesk@localhost>"
    if "\n" in sender or "\r" in sender or "@" not in sender:
        raise ImproperlyConfigured("MAIL_FROM is not a sender. Write Streamdesk <alerts@example.org>.")
    if not url:
        return _folder(data_dir / "mail", sender) if embedded else Mail("", {}, sender, "")
    scheme = urlsplit(url).scheme
    if scheme == "file":
        return _folder(Path(urlsplit(url).path), sender)
    if scheme not in ("smtp", "submission"):
        raise ImproperlyConfigured(f"EMAIL_URL begins with {scheme or 'no scheme'}. {FORMS}")
    try:
        parts = dj_email_url.parse(url)
    except ValueError as error:  # never with the URL, which has a password
        raise ImproperlyConfigured(f"EMAIL_URL cannot be read: its port or its timeout is no number. {FORMS}") from error
    return Mail(BY_SMTP, _smtp(parts), sender, f"{parts['EMAIL_HOST']}:{parts['EMAIL_PORT']}")


def _folder(folder: Path, sender: str) -> Mail:
    return Mail(TO_A_FOLDER, {"file_path": str(folder)}, sender, f"the folder {folder}")


def _smtp(parts: dict[str, Any]) -> dict[str, Any]:
    if not parts["EMAIL_HOST"]:
        raise ImproperlyConfigured(f"EMAIL_URL names no host. {FORMS}")
    return {
        "host": parts["EMAIL_HOST"],
        "port": parts["EMAIL_PORT"],
        "username": parts["EMAIL_HOST_USER"] or "",
        "password": parts["EMAIL_HOST_PASSWORD"] or "",
        "use_tls": parts["EMAIL_USE_TLS"],
        "use_ssl": parts["EMAIL_USE_SSL"],
        "timeout": parts["EMAIL_TIMEOUT"] or TIMEOUT_SECONDS,
        "deadline_seconds": DEADLINE_SECONDS,
    }
