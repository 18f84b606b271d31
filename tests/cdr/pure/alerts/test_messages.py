"""What is sent: mails, webhooks, Slack, PagerDuty; of one alert and of thousands."""

import json

import pytest

from cdr.pure.alerts.messages import (
    MOST_LINES,
    RESOLVE,
    Content,
    MessageLine,
    content_of,
    content_of_test,
    pagerduty_body,
    slack_body,
    subject,
    text,
    webhook_body,
)

HEADLINE = "Acme: 5 streams ended with a connection error within 10 minutes"
BASE = "https://desk.example.com"


def line(
    number: int = 7, step: str = "opened", headline: str = "Acme: 5 streams ended with a connection error within 10 minutes"
) -> MessageLine:
    return MessageLine(
        alert=number,
        step=step,
        headline=headline,
        rule="Streams fail",
        at="2026-11-23 14:00:00 UTC",
        path=f"/admin/cdr/alert/{number}/change/",
    )


ONE = content_of([line()], {"opened": 1}, incident="streamdesk-alert-7")
MANY = content_of([line(number) for number in range(47)], {"opened": 9_993, "closed": 7}, incident="msg_1")


def test_a_mail_about_one() -> None:
    assert subject(ONE) == "[Streamdesk] OPEN: Acme: 5 streams ended with a connection error within 10 minutes"
    assert f"{BASE}/admin/cdr/alert/7/change/" in text(ONE, BASE) and "Rule: Streams fail." in text(ONE, BASE)
    assert "/admin" not in text(ONE, "")


def test_thousands_are_one_mail_of_a_page() -> None:
    assert subject(MANY) == "[Streamdesk] 10,000 alerts: 9,993 open, 7 closed"
    words = text(MANY, BASE)
    assert len(MANY["lines"]) == MOST_LINES and "And 9,980 more" in words and len(words) < 6000


@pytest.mark.parametrize("name", ["evil\nBcc: all@example.com", "evil\r\nX: y", "a\u2028b", "\x00", "x" * 500])
def test_no_name_reaches_beyond_the_subject(name: str) -> None:
    words = subject(content_of([line(headline=name)], {"opened": 1}))
    assert words.isprintable() and len(words) <= 200


def test_a_webhook() -> None:
    body = webhook_body(ONE, BASE)
    assert body["type"] == "alert.opened" and body["data"]["alerts"][0]["url"] == f"{BASE}/admin/cdr/alert/7/change/"
    assert webhook_body(MANY, BASE)["type"] == "alerts.many" and webhook_body(content_of_test("maria", "now"), BASE)["type"] == "alert.test"
    assert len(json.dumps(webhook_body(MANY, BASE))) < 12_000


def test_slack_is_not_told_to_call_everybody() -> None:
    words = slack_body(content_of([line(headline="<!channel> & <https://evil.example|click>: 5 streams")], {"opened": 1}), BASE)["text"]
    assert "<!channel>" not in words and "&lt;!channel&gt; &amp; &lt;https" in words and f"<{BASE}/admin/cdr/alert/7/change/|Show>" in words
    assert slack_body(MANY, BASE)["text"].endswith("And 9,980 more.")


def test_pagerduty_opens_and_resolves_one_incident() -> None:
    opened = pagerduty_body(ONE, "R0UT1NG", "desk", BASE)
    assert (opened["event_action"], opened["dedup_key"], opened["payload"]["severity"]) == ("trigger", "streamdesk-alert-7", "critical")
    ended = pagerduty_body(Content(**{**ONE, "action": RESOLVE}), "R0UT1NG", "desk", BASE)
    assert ended == {"routing_key": "R0UT1NG", "event_action": "resolve", "dedup_key": "streamdesk-alert-7"}


def test_a_test_says_that_nothing_is_wrong() -> None:
    content = content_of_test("maria\nBcc: x", "2026-11-23 14:00:00 UTC")
    assert subject(content) == "[Streamdesk] Test message" and "Nothing is wrong" in text(content, "")
    assert pagerduty_body(content, "key", "desk", "")["payload"]["severity"] == "info"
