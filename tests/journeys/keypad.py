"""The digits that are heard in a call's audio: a decoder of DTMF tones that shares nothing with what makes them."""

import numpy as np

from streams.pure.audio.convert import to_linear
from streams.pure.messages import AudioFormat, Encoding

ROWS_HZ, COLUMNS_HZ = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
KEYS = ("123A", "456B", "789C", "*0#D")
WINDOW = 160  # 20 ms at 8 kHz
LOUD = 1000.0  # amplitude of each of the two tones


def digits_heard(mulaw: bytes) -> str:
    """Each key once for as long as it sounds."""
    samples = to_linear(mulaw, AudioFormat(Encoding.MULAW, 8000)).astype(float)
    windows = [samples[start : start + WINDOW] for start in range(0, len(samples) - WINDOW + 1, WINDOW)]
    heard, before = "", ""
    for window in windows:
        key = _key(window)
        heard += key if key != before else ""
        before = key
    return heard


def _key(window: np.typing.NDArray[np.float64]) -> str:
    """ "" for silence and for what is not one row and one column."""
    rows, columns = ([_amplitude(window, hz) for hz in tones] for tones in (ROWS_HZ, COLUMNS_HZ))
    if max(rows) < LOUD or max(columns) < LOUD:
        return ""
    return KEYS[int(np.argmax(rows))][int(np.argmax(columns))]


def _amplitude(window: np.typing.NDArray[np.float64], hz: int) -> float:
    turns = np.exp(-2j * np.pi * hz * np.arange(len(window)) / 8000)
    return float(2 * abs(np.dot(window, turns)) / len(window))
