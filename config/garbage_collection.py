"""Python's garbage collector rests while a process imports what it will keep: nothing of that is garbage, and it would look through all of
it a hundred times, which is a fifth of what a start takes.

Owns when it rests, and that it goes on afterwards without what was imported. Must not know what is imported."""

import gc

_rests: list[bool] = []
"""For each that has it rest and did not let it begin again yet: whether it was at work then."""


def rest() -> None:
    _rests.append(gc.isenabled())
    gc.disable()


def begin_again() -> None:
    """What is there by now is never looked at again. Who never had it rest, or found it switched off, changes nothing."""
    if _rests and _rests.pop():
        gc.freeze()
        gc.enable()
