"""Places where alerts are told: each kind asks for what it needs, refuses what leads inside, and shows no secret again."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cdr.admin.alert_channels import AlertChannelForm
from cdr.alert_rows import AlertChannel, AlertMessage
from cdr.models import AuditEntry
from cdr.tasks import tell_alerts
from config.mail_settings import Mail
from tests.cdr.alerts.rows import alert, channel

pytestmark = pytest.mark.django_db

LIST = "/admin/cdr/alertchannel/"
SLACK = "https://hooks.slack.com/services/T000/B000/s3cret"
NONE = {"name": "Ops", "enabled": "on", "addresses": "", "secret_url": "", "new_secret": ""}


def errors(**given: str) -> dict[str, list[str]]:
    return AlertChannelForm({**NONE, **given}).errors


@pytest.mark.parametrize(
    ("field", "given", "words"),
    [
        ("addresses", {"kind": "mail"}, "Write at least one address"),
        ("addresses", {"kind": "mail", "addresses": "ops@example.com\nnobody"}, "“nobody” is no address"),
        ("addresses", {"kind": "mail", "addresses": "a@example.com%0aBcc:b@example.com"}, "is no address"),
        ("addresses", {"kind": "mail", "addresses": " ".join(f"a{n}@example.com" for n in range(51))}, "At most 50"),
        ("secret_url", {"kind": "slack"}, "Write where messages are to be sent"),
        ("secret_url", {"kind": "slack", "secret_url": "http://10.0.0.7/hook"}, "may not be dialled: a private network"),
        ("secret_url", {"kind": "slack", "secret_url": "http://169.254.169.254/latest"}, "may not be dialled"),
        ("secret_url", {"kind": "slack", "secret_url": "ftp://example.com/"}, "must begin with http:// or https://"),
        ("secret_url", {"kind": "slack", "secret_url": "https://u:p@example.com/"}, "user name or password"),
        ("new_secret", {"kind": "webhook", "secret_url": "https://example.com/", "new_secret": "short"}, "24 characters or more"),
        ("new_secret", {"kind": "pagerduty"}, "integration key"),
        ("name", {"kind": "mail", "addresses": "a@example.com", "name": "a\r\nBcc: b@example.com"}, "line break"),
    ],
)
def test_what_would_reach_nobody_is_refused_where_it_was_written(field: str, given: dict[str, str], words: str) -> None:
    found = errors(**given)
    assert set(found) == {field} and words in " ".join(found[field])


def test_each_kind_is_made(administrator: Client) -> None:
    for number, given in enumerate(
        (
            {"kind": "mail", "addresses": "ops@example.com, night@example.com"},
            {"kind": "slack", "secret_url": SLACK},
            {"kind": "webhook", "secret_url": "https://example.com/", "new_secret": "x" * 24},
            {"kind": "pagerduty", "new_secret": "R0UT1NG"},
        )
    ):
        answer: Any = administrator.post(f"{LIST}add/", {**NONE, **given, "name": f"place {number}"})
        assert answer.status_code == 302, answer.context_data["adminform"].form.errors
    assert AlertChannel.objects.count() == 4 and AlertChannel.objects.get(kind="mail").addresses.split() == [
        "ops@example.com",
        "night@example.com",
    ]


def test_no_secret_is_shown_again_nor_written_into_the_audit_log(administrator: Client, operator: Client) -> None:
    administrator.post(f"{LIST}add/", {**NONE, "kind": "webhook", "secret_url": SLACK, "new_secret": "geheim-geheim-geheim-geheim"})
    made = AlertChannel.objects.get()
    administrator.post(f"{LIST}{made.pk}/change/", {**NONE, "kind": "webhook", "name": "Other"})
    made.refresh_from_db()
    assert (made.url, made.secret, made.name) == (SLACK, "geheim-geheim-geheim-geheim", "Other")
    for client in (administrator, operator):
        for path in (LIST, f"{LIST}{made.pk}/change/", f"{LIST}{made.pk}/history/", "/admin/cdr/auditentry/"):
            html = client.get(path).content.decode()
            assert "s3cret" not in html and "geheim" not in html, path
    assert AuditEntry.objects.count() == 2 and "hooks.slack.com" in operator.get(LIST).content.decode()


def test_who_only_looks_sees_no_addresses(operator: Client) -> None:
    made = channel("mail", addresses="boss@example.com")
    html = operator.get(f"{LIST}{made.pk}/change/").content.decode() + operator.get(LIST).content.decode()
    assert "boss@example.com" not in html and "1 address" in html


def test_a_test_message_is_sent_and_followed(administrator: Client, settings: Any, tmp_path: Any) -> None:
    settings.MAIL = Mail(
        "django.core.mail.backends.filebased.EmailBackend", {"file_path": str(tmp_path)}, "a@b.example", f"the folder {tmp_path}"
    )
    made = channel("mail", addresses="ops@example.com")
    assert "Send a test message to" in administrator.get(f"{LIST}{made.pk}/test/").content.decode()
    answer = administrator.post(f"{LIST}{made.pk}/test/")
    message = AlertMessage.objects.get()
    assert answer["Location"] == f"/admin/cdr/alertmessage/{message.pk}/change/"
    tell_alerts()
    html = administrator.get(answer["Location"]).content.decode()
    assert (
        "sent" in html and f"the folder {tmp_path}" in html and "Subject: [Streamdesk] Test message" in next(tmp_path.iterdir()).read_text()
    )
    assert AuditEntry.objects.get().act == "send a test message"


def test_no_test_goes_to_a_place_that_is_switched_off(administrator: Client) -> None:
    made = channel(enabled=False)
    assert "switched off" in administrator.get(f"{LIST}{made.pk}/test/").content.decode()
    assert administrator.post(f"{LIST}{made.pk}/test/").status_code == 404 and not AlertMessage.objects.exists()


def test_the_form_says_where_mails_go(administrator: Client, settings: Any) -> None:
    settings.MAIL = Mail("x", {}, "a@b", "the folder /var/mails")
    assert "Mails go by the folder /var/mails." in administrator.get(f"{LIST}add/").content.decode()
    settings.MAIL = Mail("", {}, "a@b", "")
    assert "No mail server is set (EMAIL_URL)" in administrator.get(f"{LIST}add/").content.decode()


def test_a_place_says_how_it_fares(administrator: Client) -> None:
    channel(failing_since=timezone.now(), last_error="It answered 500.")
    html = administrator.get(LIST).content.decode()
    assert "fails since" in html and 'title="It answered 500."' in html


def test_a_place_is_removed_with_its_messages_and_its_rules_stay(administrator: Client) -> None:
    one = alert()
    made = one.rule.channels.get()
    administrator.post(f"{LIST}{made.pk}/test/")
    assert administrator.post(f"{LIST}{made.pk}/delete/", {"post": "yes"}).status_code == 302
    one.rule.refresh_from_db()
    assert not AlertMessage.objects.exists() and one.rule.channels.count() == 0
