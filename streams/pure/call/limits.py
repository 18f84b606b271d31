"""What a call may cost its streams and its gateway, in milliseconds and seconds.

Owns the numbers' names and what they are where nothing is set. Must not know who sets them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """`retry_seconds`: the pauses before the second, third ... attempt to connect. `resume_seconds`: so long a gateway whose socket was
    lost is waited for; 0 where none comes back. `fill_silence`: streams get silence in place of audio that does not come.
    `play_failed_messages`: services are told what is not played.
    `media_timeout_seconds`: a gateway that says nothing at all for so long has forgotten the call; 0 where it may be silent for ever.
    `goodbye_seconds`: at most so long what a service had sent before it closed its socket is played.
    `turns`: it is measured how callers and services that may speak to them converse.
    `recorded_seconds`: how much of the end of each stream is recorded; infinite: all of it, 0: nothing."""

    buffer_ms: int = 40_000
    retry_seconds: tuple[float, ...] = (1, 3)
    resume_seconds: float = 0.0
    fill_silence: bool = False
    play_failed_messages: bool = True
    media_timeout_seconds: float = 0.0
    goodbye_seconds: float = 0.0
    turns: bool = False
    recorded_seconds: float = 0.0
