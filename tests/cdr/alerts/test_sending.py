"""One try of each kind: what a receiver sees, and what is said of one that does not take it."""

import smtplib
import time
from typing import Any

import pytest
from django.utils import timezone
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook
from werkzeug import Response

from cdr.alert_rows import AlertChannel, AlertMessage
from cdr.alerts.sending import AlertSend, send_message, smtp_words
from cdr.pure.alerts.messages import MessageLine, content_of
from config.mail_settings import Mail
from streams.database_clock import RunningClock
from streams.pure.callback.signature import standard_webhook_secret
from tests.cdr.alerts.mail_receiver import Receiver, drip, misbehaving, receiving, rude, server_at, silent
from tests.cdr.alerts.rows import channel

pytestmark = pytest.mark.django_db

SECRET = "a-secret-of-thirty-two-characters"


def message(place: AlertChannel, headline: str = "bot.example.com: 5 streams ended with a connection error") -> AlertMessage:
    line = MessageLine(
        alert=7, step="opened", headline=headline, rule="Streams fail", at="2026-11-23 14:00:00 UTC", path="/admin/cdr/alert/7/change/"
    )
    content = content_of([line], {"opened": 1}, incident="streamdesk-alert-7")
    return AlertMessage.objects.create(channel=place, message_id="msg_1", content=content, created_at=timezone.now(), due_at=timezone.now())


def sent(place: AlertChannel, **about: Any) -> AlertSend:
    return send_message(message(place, **about), RunningClock())


# Requests --------------------------------------------------------------------------------------------------------------------------
def test_a_webhook_is_signed_as_standard_webhooks_asks(httpserver: HTTPServer) -> None:
    httpserver.expect_oneshot_request("/alerts", method="POST").respond_with_data("thanks")
    result = sent(channel(url=httpserver.url_for("/alerts"), secret=SECRET))
    assert result.sent and (result.attempt.status, result.attempt.answer, result.attempt.error) == (200, "thanks", "")
    (request, _) = httpserver.log[0]
    verified = Webhook(standard_webhook_secret(SECRET)).verify(request.get_data(), dict(request.headers))
    assert verified["type"] == "alert.opened" and request.headers["webhook-id"] == "msg_1"


def test_slack_that_has_enough_says_when_to_come_again(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/services/T/B/x").respond_with_response(Response("rate_limited", 429, {"Retry-After": "90"}))
    result = sent(channel("slack", url=httpserver.url_for("/services/T/B/x")))
    assert not result.sent and result.may_retry and (result.attempt.status, result.retry_after_seconds) == (429, 90)
    assert result.attempt.error == "It answered 429 Too Many Requests; a message counts as taken when the answer is 2xx."


def test_pagerduty_gets_its_key_and_no_signature(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v2/enqueue").respond_with_json({"status": "success"}, 202)
    assert sent(channel("pagerduty", url=httpserver.url_for("/v2/enqueue"), secret="R0UT1NG")).sent
    request, _ = httpserver.log[0]
    assert request.json["routing_key"] == "R0UT1NG" and request.json["event_action"] == "trigger"
    assert "webhook-signature" not in request.headers


def test_no_webhook_reaches_inside(settings: Any, httpserver: HTTPServer) -> None:
    settings.DIAL_REACH = settings.DIAL_REACH.__class__()
    result = sent(channel(url=httpserver.url_for("/")))
    assert not result.sent and not result.may_retry and "may not be dialled" in result.attempt.error and httpserver.log == []


def test_a_redirect_is_not_followed(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_response(Response("", 302, {"Location": "http://169.254.169.254/"}))
    result = sent(channel(url=httpserver.url_for("/")))
    assert not result.sent and result.attempt.status == 302 and len(httpserver.log) == 1


def test_a_row_that_nobody_can_send_uses_up_its_tries(httpserver: HTTPServer) -> None:
    broken = message(channel(url=httpserver.url_for("/")))
    broken.content = {}
    result = send_message(broken, RunningClock())
    assert not result.sent and result.may_retry and "could not send this message" in result.attempt.error


# Mail ------------------------------------------------------------------------------------------------------------------------------
def mail_channel(*addresses: str) -> AlertChannel:
    return channel("mail", url="", addresses="\n".join(addresses or ("ops@example.com",)))


def test_a_mail_arrives(settings: Any, unused_tcp_port: int) -> None:
    settings.PUBLIC_URL = "https://desk.example.com"
    with receiving(receiver := Receiver(), unused_tcp_port) as settings.MAIL:
        result = sent(mail_channel("ops@example.com", "night@example.com"))
    assert result.sent and result.attempt.address == f"127.0.0.1:{unused_tcp_port}" and not result.warning
    (mail,) = receiver.mails
    assert mail["Subject"] == "[Streamdesk] OPEN: bot.example.com: 5 streams ended with a connection error"
    assert mail["From"] == "Streamdesk <alerts@example.com>" and receiver.to == [["ops@example.com", "night@example.com"]]
    assert mail["Auto-Submitted"] == "auto-generated" and "https://desk.example.com/admin/cdr/alert/7/change/" in str(mail.get_payload())


def test_no_name_adds_a_header_or_a_receiver(settings: Any, unused_tcp_port: int) -> None:
    with receiving(receiver := Receiver(), unused_tcp_port) as settings.MAIL:
        result = sent(mail_channel(), headline="evil\r\nBcc: everybody@example.com\r\n\r\n<b>body</b>")
    assert result.sent and receiver.mails[0]["Bcc"] is None and receiver.to == [["ops@example.com"]]


def test_who_is_refused_is_named_and_the_others_have_it(settings: Any, unused_tcp_port: int) -> None:
    with receiving(receiver := Receiver(gone="550 no such user"), unused_tcp_port) as settings.MAIL:
        result = sent(mail_channel("ops@example.com", "gone@example.com"))
    assert result.sent and result.warning == "not taken for gone@example.com (550 no such user)" and len(receiver.mails) == 1


def test_where_everybody_is_refused_for_good_it_is_not_tried_again(settings: Any, unused_tcp_port: int) -> None:
    with receiving(Receiver(gone="550 no such user", busy="450 later"), unused_tcp_port) as settings.MAIL:
        gone, busy = sent(mail_channel("gone@example.com")), send_busy()
    assert not gone.sent and not gone.may_retry and "550 no such user" in gone.attempt.error
    assert not busy.sent and busy.may_retry


def send_busy() -> AlertSend:
    AlertMessage.objects.all().delete()
    return sent(mail_channel("busy@example.com"))


@pytest.mark.parametrize(
    ("play", "options"), [(drip, {"deadline_seconds": 0.5}), (silent, {"deadline_seconds": 0.5}), (silent, {"timeout": 0.5})]
)
def test_a_server_that_hangs_has_a_deadline_however_it_hangs(settings: Any, play: Any, options: dict[str, float]) -> None:
    with misbehaving(play) as port:
        settings.MAIL = server_at(port, **options)
        began = time.monotonic()
        result = sent(mail_channel())
    assert not result.sent and result.may_retry and result.timed_out and time.monotonic() - began < 15
    assert result.attempt.error in ("The mail server took longer than 20 s.", "The mail server did not answer in time.")


def test_a_server_that_refuses_says_why(settings: Any, unused_tcp_port: int) -> None:
    with misbehaving(rude) as port:
        settings.MAIL = server_at(port)
        result = sent(mail_channel())
    assert (result.attempt.status, result.attempt.error) == (554, "The mail server answered 554: go away")
    settings.MAIL = server_at(unused_tcp_port)
    AlertMessage.objects.all().delete()
    assert sent(mail_channel()).attempt.error == "The mail server could not be reached: Connection refused."


def test_without_a_mail_server_that_is_said(settings: Any) -> None:
    settings.MAIL = Mail("", {}, "x@y", "")
    result = sent(mail_channel())
    assert not result.sent and result.may_retry and "set EMAIL_URL" in result.attempt.error


def test_in_the_trial_mails_are_files(settings: Any, tmp_path: Any) -> None:
    folder = tmp_path / "mail"
    settings.MAIL = Mail(
        "django.core.mail.backends.filebased.EmailBackend", {"file_path": str(folder)}, "a@b.example", f"the folder {folder}"
    )
    result = sent(mail_channel())
    (file,) = folder.iterdir()
    assert result.sent and "Subject: [Streamdesk] OPEN" in file.read_text() and result.attempt.address == f"the folder {folder}"


def test_every_failure_has_words() -> None:
    for error in (
        smtplib.SMTPAuthenticationError(535, b"5.7.8 bad\r\npassword"),
        smtplib.SMTPServerDisconnected("gone"),
        smtplib.SMTPNotSupportedError("no STARTTLS"),
        ValueError("an address that is none"),
        OSError(101, "Network is unreachable"),
    ):
        assert smtp_words(error).startswith("The mail") and smtp_words(error).isprintable()
