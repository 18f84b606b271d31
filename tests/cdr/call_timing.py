"""What a call's process measures, as its notes bring it: a steady gateway, buffers that rise, a conversation."""

from collections.abc import Callable
from functools import cache
from typing import Any

from streams.pure.audio.convert import tone
from streams.pure.call.measure import Levels
from streams.pure.conversation.dialogue import Dialogue
from streams.pure.conversation.talk import Edge
from streams.pure.messages import AudioFormat, Encoding

CAPACITY_MS = 40_000
MULAW = AudioFormat(Encoding.MULAW, 8000)


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


@cache
def conversed(seconds: float) -> dict[str, Any]:
    """A greeting, an answer after 0.9 s, a caller who interrupts and a bot that falls silent, and an answer that took 6.2 s."""
    dialogue, loud = Dialogue(MULAW, 0.0), tone(440, 20, MULAW)
    for came, began, ended in ((880, 900, 3400), (6980, 7000, 11_000), (12_580, 12_600, 15_000), (24_180, 24_200, 28_000)):
        dialogue.arrived(came)
        for at in range(began, ended, 20):
            dialogue.sounds(loud, float(at))
        if began == 7000:
            dialogue.cleared(9800.0, asked=True)
    spoke = ((4200, 6100), (9400, 11_800), (16_000, 16_800), (17_200, 18_000), (29_100, 30_400))
    edges = [Edge(float(at), speaking) for began, ended in spoke for at, speaking in ((began, True), (ended, False)) if at < seconds * 1000]
    return dialogue.finish(edges, seconds * 1000)
