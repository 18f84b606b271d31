"""What a call does with its application's answer, or for want of one.

Owns the words for the debug log. Must not know how an answer is fetched: that is handed in."""

import logging
from collections.abc import Awaitable
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from streams.pure.call.session import CallAct, CallSession
from streams.pure.customer.answer_xml import Answer, InvalidAnswer, parse
from streams.pure.lifecycle import ANSWER_INVALID, ANSWER_UNREACHABLE, STREAM_LIMIT, EventKind, HangupCause, Level

log = logging.getLogger(__name__)


class AnswerUnavailable(Exception):
    """The application's XML could not be had, or is not as it has to be; `facts` for the debug log, the message for people."""

    def __init__(self, problem: str, facts: dict[str, Any], hangup: HangupCause = ANSWER_UNREACHABLE) -> None:
        super().__init__(problem)
        self.facts, self.hangup = facts, hangup


class NoRoom(AnswerUnavailable):
    """The answer is good, and none of its streams may be begun."""

    def __init__(self, problem: str, facts: dict[str, Any], hangup: HangupCause = STREAM_LIMIT) -> None:
        super().__init__(problem, facts, hangup)


def parse_answer(document: bytes, facts: dict[str, Any]) -> tuple[Answer, dict[str, Any]]:
    """The answer that a document is. Raises AnswerUnavailable, with the same facts."""
    try:
        return parse(document), facts
    except InvalidAnswer as error:
        raise AnswerUnavailable(error.problem, {"place": error.place, **facts}, ANSWER_INVALID) from error


async def act_on_answer(fetching: Awaitable[tuple[Answer, dict[str, Any]]], call_id: UUID) -> CallAct:
    """Awaits the application's XML and the facts of its fetching, and returns what the call has to do about them."""
    try:
        answer, facts = await fetching
    except NoRoom as error:
        return partial(_crowded, error.hangup, str(error), error.facts)
    except AnswerUnavailable as error:
        return partial(_fail, error.hangup, str(error), error.facts)
    except Exception:
        log.exception("Call %s: fetching the answer broke", call_id)
        return partial(_fail, ANSWER_UNREACHABLE, "The platform failed while fetching the answer.", {})
    return partial(_follow, answer, facts)


def _fail(hangup: HangupCause, problem: str, details: dict[str, Any], session: CallSession, now: float) -> None:
    session.note(EventKind.CALL_ANSWER_FAILED, Level.ERROR, None, now, problem=problem, code=hangup.code, **details)
    session.hang_up(hangup, problem, now)


def fail_to_follow(session: CallSession, now: float) -> None:
    """The answer was good, and what it asks for broke."""
    _fail(ANSWER_UNREACHABLE, "The platform failed while following the answer.", {}, session, now)


def _crowded(hangup: HangupCause, problem: str, facts: dict[str, Any], session: CallSession, now: float) -> None:
    session.note(EventKind.CALL_ANSWERED, Level.INFO, None, now, streams=0, **facts)
    session.note(EventKind.CALL_ANSWER_WARNING, Level.ERROR, None, now, problem=problem)
    session.hang_up(hangup, problem, now)


def _follow(answer: Answer, facts: dict[str, Any], session: CallSession, now: float) -> None:
    session.note(EventKind.CALL_ANSWERED, Level.INFO, None, now, streams=len(answer.streams), **facts)
    for warning in answer.warnings:
        session.note(EventKind.CALL_ANSWER_WARNING, Level.WARNING, None, now, problem=warning)
    session.follow([(uuid4(), request) for request in answer.streams], now)
