"""How many failed sign-ins are too many, whose they are, and what is said about it.

Owns those numbers and words. Must not know requests or rows."""

import math

MOST_OF_A_NAME = 5
"""Failures with one name from one address. Counted for the pair, so that a stranger locks nobody out but himself."""
MOST_OF_AN_ADDRESS = 30
"""Failures from one address with whatever names: an office behind one address mistypes as well."""
LOCKED_MINUTES = 15


def weighed(of_name: int, of_address: int) -> int:
    """Both counts as one: MOST_OF_A_NAME and more is locked."""
    return max(of_name, of_address * MOST_OF_A_NAME // MOST_OF_AN_ADDRESS)


def locked_words(of_address: int, seconds: float) -> str:
    """What the login page says; the same for a name that somebody has and one that nobody has."""
    with_name = "" if of_address >= MOST_OF_AN_ADDRESS else "with this name "
    return (
        f"Too many failed sign-ins {with_name}from your address. Try again in {wait_words(seconds)}. "
        "If you need to get in earlier, ask an administrator to lift the lock."
    )


def wait_words(seconds: float) -> str:
    whole = max(math.ceil(seconds), 1)
    count, unit = (whole, "second") if whole < 100 else (math.ceil(whole / 60), "minute")
    return f"{count} {unit}{'' if count == 1 else 's'}"
