"""The timing of a stream as its pages show it: the chart of its buffer, figures of its frames, and how its noise cancellation goes.

Owns which rows they come from. They are selected with the stream: nothing is asked for here."""

from datetime import datetime
from typing import Any

from cdr.pages.stream import Fact
from cdr.pure.level_chart import LevelChart, level_chart
from cdr.pure.timing_words import arrival_words, latency_words
from streams.models import Call, Stream


def timing_facts(stream: Stream) -> tuple[Fact, ...]:
    """How evenly the gateway's frames came, and how fast they went on to this customer."""
    return (
        Fact("Arrival gap, frame to frame from the gateway", arrival_words(_kept(stream.call, "arrivals")), wide=True),
        Fact("Send latency, from arrival to the service's socket", latency_words(_kept(stream, "latency")), wide=True),
    )


def chart_of(stream: Stream) -> LevelChart | None:
    """The level of the stream's buffer over its life; None when it was not measured (yet)."""
    return level_chart(_kept(stream, "levels"), stream.requested_at, stream.ended_at)


def noise_of(stream: Stream) -> dict[str, Any]:
    """Empty where nothing was measured (yet)."""
    return _kept(stream, "noise")


def measured_at(stream: Stream) -> datetime | None:
    """As of when the timing is; None when there is none."""
    return getattr(getattr(stream, "measure", None), "measured_at", None)


def _kept(row: Call | Stream, name: str) -> dict[str, Any]:
    kept = getattr(getattr(row, "measure", None), name, None)
    return kept if isinstance(kept, dict) else {}
