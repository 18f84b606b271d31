"""The timing that a call's process measures, as its notes bring it: of a steady gateway, and of buffers that rise."""

from collections.abc import Callable
from typing import Any

from streams.pure.call.measure import Levels

CAPACITY_MS = 40_000


def steady(seconds: float) -> dict[str, Any]:
    """A gateway's frames of 20 ms, one of them late."""
    frames = max(int(seconds * 50) - 2, 0)
    counts = {"18000": frames // 20, "19000": frames // 2 - frames // 20, "20000": frames - frames // 2, "61000": 1}
    return {"frame_ms": 20, "late": 1, "counts_us": {edge: count for edge, count in counts.items() if count}, "max_us": 61_400}


def prompt(frames: int, longest_ms: float = 340) -> dict[str, Any]:
    """Audio that went on at once, but for what had waited for the connection."""
    counts = {"100": frames - frames // 50 - 1, "200": frames // 50, "300000": 1}
    return {"counts_us": {edge: count for edge, count in counts.items() if count > 0}, "max_us": round(longest_ms * 1000)}


def levels(seconds: float, level_ms: Callable[[float], float]) -> dict[str, Any]:
    """A buffer looked at twice a second; `level_ms` says what waited so many seconds after the request."""
    kept = Levels(0.0, CAPACITY_MS)
    for half in range(int(seconds * 2) + 1):
        kept.read(level_ms(half / 2), half / 2)
    return kept.to_json()


def healthy(seconds: float) -> dict[str, Any]:
    """A stream whose customer takes everything, after 0.3 s of connecting."""
    return {"latency": prompt(int(seconds * 50)), "levels": levels(seconds, lambda after: 180 if after < 0.5 else 20 + 15 * (after % 3))}


def stuck(stops_after: float, seconds: float) -> dict[str, Any]:
    """A stream whose customer reads no more after `stops_after` seconds."""
    rising = levels(seconds, lambda after: 40 if after < stops_after else min(40 + (after - stops_after) * 1000, CAPACITY_MS))
    return {"latency": prompt(int(stops_after * 50), (seconds - stops_after) * 1000), "levels": rising}
