"""How evenly a call's audio came and how fast it was passed on, in words with figures.

Owns the wording of what streams.pure.call.measure kept. Must not know rows or pages."""

from collections.abc import Mapping
from typing import Any

from cdr.pure.figures import NOTHING, spoken_ms
from streams.pure.call.measure import LATE_AFTER_FRAMES, percentile_ms

FAULTS = {
    "frames_lost": "lost",
    "frames_doubled": "doubled",
    "frames_too_late": "too late to be put in order",
    "frames_put_in_order": "put in order",
}
"""What the numbers of a gateway's frames told, where it numbers them."""


def arrival_words(gaps: Mapping[str, Any]) -> str:
    """`p50 20 ms, p99 24 ms, longest 61 ms; 3 of 2,070 late (over 40 ms)`: the gaps between a gateway's frames, and the silence in them."""
    return "; ".join((_gaps(gaps), *_silence(gaps)))


def _gaps(gaps: Mapping[str, Any]) -> str:
    figures = _figures(gaps)
    if not figures:
        return NOTHING
    late, frames = gaps.get("late", 0), sum(gaps["counts_us"].values())
    words = f"{figures}; {_count(late)} of {frames:,} late (over {LATE_AFTER_FRAMES * gaps.get('frame_ms', 20):g} ms)"
    return "; ".join((words, *(f"{gaps[name]:,} {said}" for name, said in FAULTS.items() if gaps.get(name))))


def _silence(gaps: Mapping[str, Any]) -> list[str]:
    filled_ms = gaps.get("filled_ms")
    return [f"{spoken_ms(filled_ms)} filled with silence"] if filled_ms else []


def latency_words(latency: Mapping[str, Any]) -> str:
    """`p50 0.2 ms, p99 1.1 ms, longest 340 ms`: from a frame's arrival to the customer's socket, waiting included."""
    return _figures(latency) or NOTHING


def _figures(kept: Mapping[str, Any]) -> str:
    counts, longest_us = kept.get("counts_us") or {}, kept.get("max_us") or 0
    median, p99 = percentile_ms(counts, longest_us, 50), percentile_ms(counts, longest_us, 99)
    if median is None or p99 is None:
        return ""
    return f"p50 {_ms(median)}, p99 {_ms(p99)}, longest {_ms(longest_us / 1000)}"


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.1f} ms" if milliseconds < 9.95 else spoken_ms(milliseconds)


def _count(late: int) -> str:
    return f"{late:,}" if late else "none"
