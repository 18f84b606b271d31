"""A log as JSON lines and as text."""

import json
from datetime import UTC, datetime, timedelta

from cdr.pure.log.lines import Line, lines
from cdr.pure.log.rows import AttemptRow, EventRow
from cdr.pure.log.text import json_line, text_head, text_line

START = datetime(2026, 11, 23, 14, 2, 3, 123_456, UTC)


def line(**details: object) -> Line:
    row = EventRow(12, START, "call_answered", "info", details, "stream 7aea0680", 3, "7aea0680-1f8c-46c2-a04f-990e2e0d52eb", "n3")
    return lines([row], START - timedelta(milliseconds=1204))[0]


def test_the_keys_of_a_json_line_are_a_promise() -> None:
    text = json_line(line(status=200, document="<a>\n</a>", tenant="Zoë"))
    assert text.endswith("}\n") and text.count("\n") == 1 and "Zoë" in text
    assert json.loads(text) == {
        "id": "n3",
        "at": "2026-11-23T14:02:03.123Z",
        "offset_ms": 1204,
        "level": "info",
        "kind": "call_answered",
        "group": "answer",
        "source": "stream",
        "stream_uuid": "7aea0680-1f8c-46c2-a04f-990e2e0d52eb",
        "message": "The application answered, HTTP 200.",
        "details": {"document": "<a>\n</a>", "tenant": "Zoë"},
    }


def test_a_line_of_text_is_in_columns_with_what_it_carried_below() -> None:
    assert text_line(line(tenant="acme", document="<a>\n</a>")) == (
        "2026-11-23 14:02:03.123        +1.204 s  info     stream 7aea0680  The application answered.\n"
        "        document:\n            <a>\n            </a>\n"
        "        tenant: acme\n"
    )


def test_no_control_character_reaches_a_file() -> None:
    odd = EventRow(1, START, "tele\x00ported\n", "pur\x1bple", {"a\x00": "b\u202e\nc"}, "call\r")
    answer = AttemptRow(2, START, "Start", 1, 5, "::1", 200, "", "ok\x00\x1b[31m\r\nfine")
    for made in lines([odd, answer], START):
        assert all(part.isprintable() for part in text_line(made).splitlines())
        said = json.loads(json_line(made))
        assert all(text.isprintable() for text in (said["kind"], said["level"], said["source"], said["message"], *said["details"]))
        assert "\x00" not in json_line(made) and "\\u0000" not in json_line(made)


def test_the_head_is_underlined_and_leaves_out_what_is_not_there() -> None:
    assert text_head("Log", ["Account: Acme", "", "Times in UTC."]) == "Log\n===\nAccount: Acme\nTimes in UTC.\n\n"
