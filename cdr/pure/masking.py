"""Phone numbers for eyes that may not see them: the last four digits stay, so that one call can be told from another.

Owns what is hidden of a number, and where it stands in a text. Must not know who may see it."""

import re
from collections.abc import Callable, Iterable

from streams.pure.number_key import HIDDEN

DOT = HIDDEN
SHOWN_DIGITS = 4
"""A number of no more digits than these is an extension: it is shown."""

NUMBER = re.compile(rf"[+\d ().{DOT}-]*")
DIGIT = re.compile(r"\d")
ADDRESS = re.compile(r"((?:sips?:|tel:)?)([^@]*)(@.*)?", re.IGNORECASE | re.DOTALL)
UNMISTAKABLE_DIGITS = 7
"""From this many digits in a row, they are the number inside a longer text as well, such as %2014155550123 in a URL."""


def masked(number: str) -> str:
    """`+•••••••0123` of +14155550123; of an address or a name only that there is one: `sip:•••@pbx.example.com`, `•••`."""
    return partly(number, lambda digits: SHOWN_DIGITS)


def partly(number: str, left: Callable[[int], int]) -> str:
    """Of a number the last digits, `left(how many it has)` of them; of a name or an address only that there is one."""
    scheme, name, host = _parts(number)
    if not name:
        return number
    if not (NUMBER.fullmatch(name) and DIGIT.search(name)):
        return f"{scheme}{DOT * 3}{host}"
    digits = len(re.findall(r"\d", name))
    hidden = max(digits - left(digits), 0)
    return scheme + (re.sub(r"\d", DOT, name, count=hidden) if hidden else name) + host


def masking(numbers: Iterable[str], mask: Callable[[str], str] = masked) -> Callable[[str], str]:
    """Masks each of `numbers` wherever it stands in a text: as it is, without its +, inside of a URL or an address."""
    hidden = {form: mask(form) for number in numbers for form in _forms(number) if mask(form) != form}
    if not hidden:
        return str
    pattern = re.compile("|".join(_anywhere(form) for form in sorted(hidden, key=len, reverse=True)))
    return lambda text: pattern.sub(lambda match: hidden[match[0]], text)


def _forms(number: str) -> list[str]:
    """The number as stored, and the bare name in it; a name of one or two letters is no name to look for in a text."""
    name = _parts(number)[1].removeprefix("+")
    return [number, name] if len(name) > 2 else [number]


def _anywhere(form: str) -> str:
    if form.isdigit() and len(form) >= UNMISTAKABLE_DIGITS:
        return form
    return rf"(?<!\w){re.escape(form)}(?!\w)"


def _parts(number: str) -> tuple[str, str, str]:
    """Scheme with its colon, the number or name itself, and the host with its @."""
    parts = ADDRESS.fullmatch(number)
    return (parts[1], parts[2], parts[3] or "") if parts else ("", number, "")
