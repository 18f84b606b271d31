"""Room for deep calls.

Python keeps the frames of a thread's calls in chunks of 16 KB, some 120 calls, and gives a chunk back to the system as soon as the first
call in it returns. A function that is called again and again just beyond the end of a chunk has it mapped, cleared and unmapped each time:
of a list of the console that is up to a fifth, and a third of what a page takes in a test, which calls it from 100 deep.

A frame that fits in no chunk gets one as large as it needs, rounded up to a power of two, and what is called from there finds room in the
rest. Owns that frame. (`push_chunk` and `_PyThreadState_PopFrame` of CPython, 3.11 to 3.13. Who keeps frames otherwise loses nothing.)"""

from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

WORDS = 33_000
"""264 KB, of a chunk of 512. Nothing of it is written to, so it takes addresses and no memory."""


def with_room(call: Callable[[], Result]) -> Result:
    """Returns and raises what `call` does. What it calls is in one chunk, 248 KB deep."""
    return call()


with_room.__code__ = with_room.__code__.replace(co_stacksize=WORDS)
