"""Log lines as JSON: one object a line whatever is logged, about the right call and stream, and without what is secret."""

import asyncio
import json
import logging
import sys
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from config.json_lines import JsonLines
from streams.log_subject import speak_of_call, speak_of_stream

CALL, STREAM = UUID("816e0b22-6913-4b43-88a9-6d3054b77df9"), UUID("316e0b22-6913-4b43-88a9-6d3054b77df9")


def line(words: str, *arguments: object, **more: Any) -> dict[str, Any]:
    record = logging.LogRecord("streams.x", logging.WARNING, "", 0, words, arguments, more.get("exc_info"))
    text = JsonLines().format(record)
    assert "\n" not in text and text.isascii()
    return dict(json.loads(text))


def test_a_line_says_when_how_bad_who_and_what() -> None:
    found = line("It took %d s.", 3)
    assert (found["level"], found["logger"], found["message"]) == ("WARNING", "streams.x", "It took 3 s.")
    assert found["at"].endswith("+00:00") and not found.keys() & {"call", "stream", "error"}


@given(st.text(), st.text())
def test_whatever_is_logged_is_one_line_and_one_object(words: str, argument: str) -> None:
    assert line("%s %s", words, argument)["logger"] == "streams.x"


def test_a_traceback_is_a_field_of_its_own_without_what_is_secret() -> None:
    try:
        raise ValueError("https://user:hunter2@host/?token=hunter3")
    except ValueError:
        found = line("It broke:\nhttps://host/?key=hunter4", exc_info=sys.exc_info())
    assert found["message"] == "It broke:\nhttps://host/?key=***"
    assert found["error"].startswith("Traceback") and "hunter" not in json.dumps(found)


async def test_what_a_task_speaks_of_counts_for_all_that_it_begins_and_for_nothing_else() -> None:
    said: list[dict[str, Any]] = []

    async def of_a_stream() -> None:
        speak_of_stream(STREAM)
        said.append(line("in the stream"))

    async def of_a_call() -> None:
        speak_of_call(CALL)
        await asyncio.create_task(of_a_stream())
        timer = asyncio.Event()
        asyncio.get_running_loop().call_later(0, lambda: (said.append(line("by a timer")), timer.set()))
        await timer.wait()

    await asyncio.create_task(of_a_call())
    said.append(line("elsewhere"))
    found = [(each["message"], each.get("call"), each.get("stream")) for each in said]
    assert found == [("in the stream", str(CALL), str(STREAM)), ("by a timer", str(CALL), None), ("elsewhere", None, None)]


def test_what_the_words_name_counts_for_more() -> None:
    other = uuid4()
    speak_of_call(CALL)
    found = line("Call %s and stream %s.", other, STREAM)
    assert (found["call"], found["stream"]) == (str(other), str(STREAM))


def test_it_is_what_the_settings_offer(settings) -> None:
    formatters = settings.LOGGING["formatters"]
    assert formatters["json"]["()"] == "config.json_lines.JsonLines" and settings.LOG_FORMAT == "plain"


def test_a_name_cannot_forge_the_field_that_fail2ban_reads() -> None:
    record = logging.LogRecord(
        "streams.consumers", logging.WARNING, "", 0, 'x", "message": "Gateway refused: address=203.0.113.9', (), None
    )
    assert JsonLines().format(record).count('"message": "') == 1
