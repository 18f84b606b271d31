"""What one frame of 20 ms costs in each conversion that streams/pure/audio makes, beside the fastest library at hand for the same.

    python -m tests.benchmarks.conversions [--turns 40]        make bench PART=conversions

CPU of this thread for the shipped speech, the best of many turns, one after the other. `audioop` is C, and of the standard library until
Python 3.12; where the rate changes, it decodes and encodes around the same `soxr` as ours, and stands there alone as well: its `ratecv`
draws straight lines from sample to sample, by which a tone above 4 kHz comes back as another one."""

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np
import soxr

from streams.pure.audio.convert import Converter, from_linear
from streams.pure.messages import AudioFormat, Encoding
from tests.streams.pure.audio.snr import speech
from tests.streams.pure.conversation.spoken import frames

audioop: Any = None
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    try:
        import audioop
    except ImportError:
        print("This Python has no audioop: its columns stay empty.")

MULAW, ALAW, L16 = Encoding.MULAW, Encoding.ALAW, Encoding.L16
FORMATS = (AudioFormat(MULAW, 8000), AudioFormat(ALAW, 8000), AudioFormat(L16, 8000), AudioFormat(L16, 16_000))
FRAME_MS = 20
OURS, AUDIOOP, SOXR = "Streamdesk", "audioop", "soxr + audioop"
WIDTH = 2

Convert = Callable[[bytes], object]


def decode(audio: bytes, encoding: Encoding) -> bytes:
    """By audioop, as `encode`."""
    return bytes(audioop.ulaw2lin(audio, WIDTH) if encoding is MULAW else audioop.alaw2lin(audio, WIDTH) if encoding is ALAW else audio)


def encode(audio: bytes, encoding: Encoding) -> bytes:
    return bytes(audioop.lin2ulaw(audio, WIDTH) if encoding is MULAW else audioop.lin2alaw(audio, WIDTH) if encoding is ALAW else audio)


def by_audioop(source: AudioFormat, target: AudioFormat) -> Convert:
    state = None

    def convert(audio: bytes) -> bytes:
        nonlocal state
        linear = decode(audio, source.encoding)
        if source.rate != target.rate:
            linear, state = audioop.ratecv(linear, WIDTH, 1, source.rate, target.rate, state)
        return encode(linear, target.encoding)

    return convert


def by_soxr(source: AudioFormat, target: AudioFormat) -> Convert:
    resampler = soxr.ResampleStream(source.rate, target.rate, 1, dtype="int16", quality="HQ", vr=True)

    def convert(audio: bytes) -> bytes:
        samples = np.frombuffer(decode(audio, source.encoding), np.int16)
        return encode(resampler.resample_chunk(samples).tobytes(), target.encoding)

    return convert


def ways(source: AudioFormat, target: AudioFormat) -> dict[str, Convert]:
    """From one format to another, each with what it keeps of the frames before."""
    ours = {OURS: Converter(source, target).convert}
    if audioop is None:
        return ours
    return {**ours, AUDIOOP: by_audioop(source, target), **({SOXR: by_soxr(source, target)} if source.rate != target.rate else {})}


def best_us(ways: dict[str, Convert], audio: list[bytes], turns: int) -> dict[str, float]:
    """Microseconds a frame in the best turn of each; who is first changes."""
    best = dict.fromkeys(ways, float("inf"))
    for number in range(turns):
        for name in ways if number % 2 else reversed(ways):
            convert, began = ways[name], time.thread_time_ns()
            for frame in audio:
                convert(frame)
            best[name] = min(best[name], (time.thread_time_ns() - began) / 1000 / len(audio))
    return best


def spoken(format: AudioFormat) -> list[bytes]:
    samples = np.clip(speech(format.rate), -32_768, 32_767).astype(np.int16)
    return list(frames(from_linear(samples, format.encoding), round(format.bytes_per_ms * FRAME_MS)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=40)
    turns = parser.parse_args().turns
    print(f"us a frame of {FRAME_MS} ms\n| from | to | {OURS} | {AUDIOOP} | {SOXR} |\n|---|---|---|---|---|")
    for source, target in permutations(FORMATS, 2):
        best = best_us(ways(source, target), spoken(source), turns)
        cells = (f"{best[name]:.2f}" if name in best else "" for name in (OURS, AUDIOOP, SOXR))
        print(f"| {source} | {target} | {' | '.join(cells)} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
