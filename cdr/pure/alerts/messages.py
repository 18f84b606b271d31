"""What is sent of alerts: the subject and text of a mail, and the bodies of webhooks, for Slack and for PagerDuty.

Owns those forms. A message is about one alert or about very many; `Content` is what all forms are made of, and is kept in a row. Must not
know where it goes."""

from collections.abc import Sequence
from typing import Any, TypedDict

from cdr.pure.alerts.wording import AlertStep
from streams.pure.foreign_text import cleaned

MOST_LINES = 20
"""Alerts that a message names; of more it tells how many there are."""
LONGEST_SUBJECT = 200
NAME = "Streamdesk"
SAID: dict[str, str] = {
    AlertStep.OPENED: "OPEN",
    AlertStep.REOPENED: "OPEN AGAIN",
    AlertStep.REPEATED: "STILL OPEN",
    AlertStep.CLOSED: "CLOSED",
}
TRIGGER, RESOLVE = "trigger", "resolve"


class MessageLine(TypedDict):
    """A step of an alert. `path`: of its page in the console."""

    alert: int
    step: str
    headline: str
    rule: str
    at: str
    path: str


class Content(TypedDict):
    """`counts`: of all that the message is about, by step; `lines` are the first of them. `action` and `incident`: what a pager is to do,
    and with which incident."""

    lines: list[MessageLine]
    counts: dict[str, int]
    action: str
    incident: str
    test: bool


def content_of(lines: Sequence[MessageLine], counts: dict[str, int], action: str = TRIGGER, incident: str = "") -> Content:
    return Content(lines=list(lines[:MOST_LINES]), counts=counts, action=action, incident=incident, test=False)


def content_of_test(by: str, at: str) -> Content:
    headline = f"A test message, asked for by {cleaned(by, 80)}. Nothing is wrong."
    line = MessageLine(alert=0, step=AlertStep.OPENED, headline=headline, rule="test", at=at, path="/admin/")
    return Content(lines=[line], counts={AlertStep.OPENED.value: 1}, action=TRIGGER, incident="streamdesk-test", test=True)


def subject(content: Content) -> str:
    """One line, whatever names are in it."""
    if content["test"]:
        return f"[{NAME}] Test message"
    if total(content) == 1:
        line = content["lines"][0]
        return cleaned(f"[{NAME}] {said_of(line['step'])}: {line['headline']}", LONGEST_SUBJECT)
    return f"[{NAME}] {summary(content)}"


def summary(content: Content) -> str:
    """`47 alerts: 40 open, 7 closed`."""
    each = ", ".join(f"{count:,} {said_of(step).lower()}" for step, count in content["counts"].items() if count)
    return f"{total(content):,} {'alert' if total(content) == 1 else 'alerts'}: {each}"


def said_of(step: str) -> str:
    """A word that nobody told us about is said as it is: no page fails over a row."""
    return SAID.get(step) or cleaned(step, 20)


def total(content: Content) -> int:
    return sum(content["counts"].values())


def sentence(line: MessageLine) -> str:
    return f"{said_of(line['step'])}: {cleaned(line['headline'])}"


def text(content: Content, base_url: str) -> str:
    """Of a mail."""
    parts = []
    for line in content["lines"]:
        where = f"\n  {base_url}{line['path']}" if base_url else ""
        parts.append(f"{sentence(line)}\n  Rule: {cleaned(line['rule'], 100)}. At {line['at']}.{where}")
    more = total(content) - len(content["lines"])
    if more > 0:
        parts.append(f"And {more:,} more: the console lists them all under Alerts.")
    return "\n\n".join([*([summary(content)] if total(content) > 1 else []), *parts]) + "\n"


def webhook_body(content: Content, base_url: str) -> dict[str, Any]:
    """As Standard Webhooks recommend: a type, a time, data."""
    one = total(content) == 1
    kind = "alert.test" if content["test"] else f"alert.{content['lines'][0]['step']}" if one else "alerts.many"
    alerts = [{**line, "url": f"{base_url}{line['path']}"} for line in content["lines"]]
    return {
        "type": kind,
        "timestamp": content["lines"][0]["at"],
        "data": {"summary": subject(content), "counts": content["counts"], "alerts": alerts},
    }


def slack_body(content: Content, base_url: str) -> dict[str, Any]:
    """Plain text with links. What Slack takes for its own markup is escaped: a host named `<!channel>` calls nobody."""
    lines = [subject(content)] if total(content) > 1 or content["test"] else []
    for line in content["lines"]:
        link = f" <{base_url}{line['path']}|Show>" if base_url else ""
        lines.append(f"{slack_escaped(sentence(line))}{link}")
    more = total(content) - len(content["lines"])
    return {"text": "\n".join([*lines, *([f"And {more:,} more."] if more > 0 else [])])}


def slack_escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def pagerduty_body(content: Content, routing_key: str, source: str, base_url: str) -> dict[str, Any]:
    """Of the Events API v2. A resolve needs the incident's key and nothing else."""
    body: dict[str, Any] = {"routing_key": routing_key, "event_action": content["action"], "dedup_key": content["incident"]}
    if content["action"] == RESOLVE:
        return body
    severity = "info" if content["test"] else "critical"
    lines = [sentence(line) for line in content["lines"]]
    payload = {"summary": subject(content)[:1024], "source": source, "severity": severity, "custom_details": {"alerts": lines}}
    links = [{"href": f"{base_url}{content['lines'][0]['path']}", "text": "In the console"}] if base_url.startswith("https") else []
    return {**body, "payload": payload, "links": links}
