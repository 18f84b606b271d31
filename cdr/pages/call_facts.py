"""A call's own facts: those its sentence is made from, and those that stand at the end of its page.

Owns which there are. Must not know streams, requests or templates."""

from datetime import datetime

from cdr.pages.stream import Fact, utc_fact
from cdr.pure.figures import NOTHING, duration, elapsed_seconds
from cdr.pure.story import StoryFacts
from streams.models import Call


def call_facts(call: Call, trouble: str = "") -> StoryFacts:
    """`trouble`: what went wrong outside of its streams."""
    return StoryFacts(
        from_number=call.from_number,
        to_number=call.to_number,
        started_at=call.started_at,
        ended_at=call.ended_at,
        hangup=" ".join(filter(None, (str(call.hangup_cause_code or ""), call.hangup_cause_name))),
        hangup_source=call.hangup_source,
        trouble=trouble,
    )


def shown_facts(call: Call, now: datetime) -> tuple[Fact, ...]:
    """Of a call that was selected with its account, gateway and application."""
    return (
        Fact("Call UUID", str(call.uuid), code=True, wide=True),
        Fact("Account", str(call.account), of="account", key=call.account_id),
        Fact("Gateway", call.gateway.name if call.gateway else NOTHING, of="gateway", key=call.gateway_id),
        Fact("Application", call.application.name if call.application else NOTHING, of="application", key=call.application_id),
        Fact("From", call.from_number or NOTHING),
        Fact("To", call.to_number or NOTHING),
        Fact("Direction", call.direction),
        utc_fact("Start time", call.started_at),
        utc_fact("End time", call.ended_at),
        Fact("Duration", duration(elapsed_seconds(call.started_at, call.ended_at or now)) + ("" if call.ended_at else " so far")),
        Fact("Hangup cause", _hangup_cause(call)),
        Fact("Hangup source", call.hangup_source or NOTHING),
        Fact("Gateway's audio", call.audio_format or NOTHING),
        Fact("Gateway's call id", call.gateway_call_id or NOTHING, code=True),
    )


def _hangup_cause(call: Call) -> str:
    if call.hangup_cause_code is None:
        return NOTHING
    return f"{call.hangup_cause_code} {call.hangup_cause_name}"
