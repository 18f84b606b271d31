"""How much less noise a service hears, by strength and format, and what that takes: SNR before and after, CPU, memory.

    python -m tests.benchmarks.noise        make bench PART=noise

The shipped speech twice, in white and pink noise 0, 10 and 20 dB below it; counted is the second time, when the noise is known.
SNR as tests/streams/pure/audio/snr.py counts it; "pauses" is by how much noise alone is weaker."""

import os
import sys
import time

import numpy as np
import numpy.typing as npt

from streams.pure.audio.convert import from_linear, to_linear
from streams.pure.audio.noise import Strength, Suppressor
from streams.pure.messages import AudioFormat, Encoding
from tests.process_use import use_of
from tests.streams.pure.audio.snr import level_db, noise, snr_db, speech
from tests.streams.pure.conversation.spoken import frames

FORMATS = (AudioFormat(Encoding.MULAW, 8000), AudioFormat(Encoding.L16, 8000), AudioFormat(Encoding.L16, 16_000))
BELOW_DB = (0, 10, 20)
MADE = 200


def through(samples: npt.ArrayLike, format: AudioFormat, strength: Strength) -> tuple[npt.NDArray[np.int16], float]:
    """What comes out, and CPU microseconds for each 20 ms."""
    audio = from_linear(np.clip(np.asarray(samples), -32768, 32767).astype(np.int16), format.encoding)
    suppressor, whole = Suppressor(format, strength), list(frames(audio, round(format.bytes_per_ms * 20)))
    began = time.thread_time()
    cleaned = [suppressor.clean(frame) for frame in whole]
    took = time.thread_time() - began
    return to_linear(b"".join(cleaned), format), took / len(whole) * 1e6


def gains(format: AudioFormat, strength: Strength, *, pink: bool) -> tuple[list[float], float, float]:
    """dB of SNR gained at each of BELOW_DB, by how many dB pauses are weaker, CPU microseconds for each 20 ms."""
    clean, rate = np.tile(speech(format.rate), 2), format.rate
    counted, gained, cpu = slice(len(clean) // 2, None), [], 0.0
    for below_db in BELOW_DB:
        heard = clean + noise(len(clean), rate, level_db(clean) - below_db, pink=pink)
        out, cpu = through(heard, format, strength)
        gained.append(snr_db(out[counted], clean[counted], rate) - snr_db(heard[counted], clean[counted], rate))
    alone = noise(8 * rate, rate, 55, pink=pink)
    weaker = level_db(alone[4 * rate :]) - level_db(through(alone, format, strength)[0][4 * rate :])
    return gained, weaker, cpu


def rss_kb() -> float:
    used = use_of(os.getpid())
    return used.rss_mb * 1024 if used else 0.0


def held_kb() -> float:
    """By each stream. To be asked first: memory that was used before is taken again."""
    Suppressor(FORMATS[0], Strength.HIGH).clean(bytes(160))
    before = rss_kb()
    made = [Suppressor(FORMATS[0], Strength.HIGH) for _ in range(MADE)]
    for suppressor in made:
        suppressor.clean(bytes(160))
    return (rss_kb() - before) / MADE


def main() -> int:
    print(f"each stream holds {held_kb():.0f} kB")
    heads = "  ".join(f"{below:>2} dB below" for below in BELOW_DB)
    print(f"{'format':14} {'noise':6} {'strength':10} {heads}   pauses   CPU us / 20 ms   ms / minute")
    for format in FORMATS:
        for pink in (False, True):
            for strength in Strength:
                gained, weaker, cpu = gains(format, strength, pink=pink)
                cells = "  ".join(f"{one:+8.1f} dB" for one in gained)
                kind = "pink" if pink else "white"
                print(f"{format!s:14} {kind:6} {strength.word:10} {cells}  {-weaker:+5.0f} dB  {cpu:12.1f}  {cpu * 3:12.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
