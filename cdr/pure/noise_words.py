"""Noise cancellation of a stream in words: how strong it is and what it takes, or why there is none.

Owns the wording of what streams.pure.call.noise_cancellation kept. Must not know rows or pages."""

from collections.abc import Mapping
from typing import Any

from cdr.pure.figures import spoken_ms
from streams.pure.foreign_text import cleaned


def noise_words(level: int, kept: Mapping[str, Any]) -> str:
    """Of a stream that asked for this level. `kept`: what was measured, empty where nothing was."""
    if not kept:
        return f"level {level}, not measured"
    problem = cleaned(str(kept.get("problem") or ""), 300)
    cpu_ms = kept.get("cpu_ms_a_minute")
    took = f"; a minute of audio takes {spoken_ms(cpu_ms)} of CPU" if isinstance(cpu_ms, int | float) else ""
    if problem and not kept.get("audio_ms"):
        return f"level {level}, not carried out. {problem}"
    how = f"level {level}: {kept.get('strength')} strength, by {kept.get('library')}{took}"
    return f"{how}. It ended before the stream did. {problem}" if problem else how
