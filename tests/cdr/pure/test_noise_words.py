"""Noise cancellation of a stream as it stands on its page."""

from typing import Any

from cdr.pure.noise_words import noise_words

DONE: dict[str, Any] = {"library": "webrtc-noise-gain", "level": 85, "strength": "high", "audio_ms": 60_000, "cpu_ms_a_minute": 75.2}


def test_how_strong_it_is_and_what_it_takes() -> None:
    assert noise_words(85, DONE) == "level 85: high strength, by webrtc-noise-gain; a minute of audio takes 75 ms of CPU"
    begun = {**DONE, "audio_ms": 0, "cpu_ms_a_minute": None, "problem": ""}
    assert noise_words(85, begun) == "level 85: high strength, by webrtc-noise-gain"


def test_why_there_is_none() -> None:
    kept = {**DONE, "audio_ms": 0, "cpu_ms_a_minute": None, "problem": "There is no library."}
    assert noise_words(85, kept) == "level 85, not carried out. There is no library."
    assert noise_words(85, {**DONE, "problem": "It failed."}).endswith("75 ms of CPU. It ended before the stream did. It failed.")


def test_of_a_stream_from_before_it_was_measured() -> None:
    assert noise_words(85, {}) == "level 85, not measured"
