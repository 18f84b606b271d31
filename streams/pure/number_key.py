"""One form for each number, name or address that a call comes from or goes to, however it was written: its key, by which it is found.

Owns the reading of what gateways write and people paste. Must not know rows, or what a search makes of it.

A key is one of
- `+442079460123`: a number whose country is known, by itself or by the account's;
- `02079460123`, `1001`, `1001@pbx.example.com`: digits of which it is not known; a short number belongs to its host;
- `acmebank`, `alice@pbx.example.com`: a name or an address, folded."""

import re
import unicodedata
from typing import NamedTuple
from urllib.parse import unquote

import phonenumbers

LONGEST_KEY = 100
LONGEST_TEXT, MOST_DIGITS = 200, 20
HIDDEN = "•"
"""Stands for a digit that was taken out or may not be seen."""
LONG_NUMBER = 7
"""From this many digits on a number means the same at every host."""
INTERNATIONAL = 11
"""A number without + of this many digits, one that is there, is written with its country: what is shorter may as well be national."""

_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u20e3\u3164\ufffd")
"""Nothing to see, or what `foreign_text` puts in its place; and the frame of a digit that is an emoji."""
_WORN = " \"'`“”„‘’«»,;:.<>[]()"
_NAME_ADDRESS = re.compile(r"<([^<>]*)>?[^<>]*$")
_SCHEME = re.compile(r"\s*(?:(?:sips?|tel|callto|phone)\s*\.?\s*:|tel\.)\s*(?://)?\s*", re.IGNORECASE)
_CONTEXT = re.compile(r";\s*phone-context=(\+?[\d().-]+).*", re.IGNORECASE)
_PARAMETERS = re.compile(r"\s*[;?]\s*[a-z][\w.-]*=.*", re.IGNORECASE)
_PORT = re.compile(r":\d{1,5}\Z")
_HOST = re.compile(r"\[[^\]]*\]|[^;?:/>\s,]*")
_EXTENSION = re.compile(
    r"(?<=\d)[\s)]*"
    r"(?:[\s,;(-]*(?:e?xt(?:ension|n)?|x|#|~|int|anexo|доб|poste|durchwahl|dw)[\s.:=-]*(?!\d{10})|,[\s,]*(?!\d{10})|;\s*|[pw])"
    r"(?:\d{1,9}[,;pw#*\d]*)?\)?\Z",
    re.IGNORECASE,
)
_OUTSIDE_LINE = re.compile(r"\A\d{1,2}\s*[,pw]+\s*(?=\+?\d{7})", re.IGNORECASE)
_AMONG_WORDS = re.compile(r"(?<![\w+])\+\d[\d\s().-]{6,}\d(?!\w)")
_TRUNK_IN_BRACKETS = re.compile(r"(?<=\d)[\s)-]*\(0\)")
_DIGITS = re.compile(r"[+\s(]*\d[\d\s().+/·[\]-]*")


class NumberKey(NamedTuple):
    """`reversed`: a number's digits from the last to the first, so that an index serves what it ends with; "" for a name."""

    key: str
    reversed: str


class Written(NamedTuple):
    """What a text says: `number`, digits with or without a + before them, or "" and `name`; `host` of a number's address."""

    number: str
    name: str
    host: str

    @property
    def digits(self) -> str:
        return self.number.removeprefix("+")


def number_key(text: str, country: str) -> NumberKey:
    """`country`: that of the account, which numbers in national form are read by, or "". What was taken out has no key."""
    if HIDDEN in text:
        return NumberKey("", "")
    found = read_number(text)
    if not found.number:
        return NumberKey(found.name, "")
    known = international(found.number, country)
    key = known or found.digits
    if not known and found.host and len(key) < LONG_NUMBER:
        key = f"{key}@{found.host}"
    return NumberKey(key[:LONGEST_KEY], (known.removeprefix("+") or found.digits)[::-1])


def read_number(text: str) -> Written:
    """Reads `+1 (415) 555-0123`, `tel:+1-415-555-0123;ext=5`, `"Bob" <SIPS:%2B14155550123:secret@pbx.example.com:5061;user=phone>`."""
    line = visible(unquote(visible(text[:LONGEST_TEXT])))[:LONGEST_TEXT]
    if (address := _NAME_ADDRESS.search(line)) and address[1].strip():
        line = address[1]
    line = _in_context(_SCHEME.sub("", line, count=1) if _SCHEME.match(line) else line)
    user, at, host = line.rpartition("@")
    if at:
        user, host = re.split("[;:]", user, maxsplit=1)[0], _host(host)
    else:
        user, host = _PORT.sub("", _PARAMETERS.sub("", host)), ""
    user = user.strip(_WORN)
    if number := _number(user):
        return Written(number, "", host)
    name = f"{user}{at}{host}".casefold()[:LONGEST_KEY]
    return Written("", name if any(map(str.isalnum, name)) else "", "")


def visible(text: str) -> str:
    """Without what cannot be seen, in the usual digits, hyphens and blanks."""
    return " ".join("".join(map(_visible, unicodedata.normalize("NFKC", text)[:LONGEST_TEXT])).split())


def international(number: str, country: str) -> str:
    """`+442079460123` of a number as `Written` has it; "" where the country cannot be known."""
    if number.startswith("+") and not number.startswith("+0"):
        return valid(number) or number
    number = number.removeprefix("+")
    if found := next(filter(None, (valid(*reading) for reading in _readings(number, country))), ""):
        return found
    if number.startswith("00") and len(number) >= LONG_NUMBER + 2 and number[2] != "0":
        return international(f"+{number[2:]}", "")
    return valid(f"+{number[3:]}") if number.startswith("011") else ""


def _readings(number: str, country: str) -> list[tuple[str, str | None]]:
    """What a number without + may be, the likelier first: where a national number begins with a 0, one that does not is from abroad."""
    national, abroad = (number, country), (f"+{number}", None)
    if not country:
        return [abroad] if len(number) >= INTERNATIONAL and number[0] != "0" else []
    if number[0] == "0":
        return [national]
    trunk = trunk_prefix(country)
    domestic = number.startswith(trunk) if trunk else len(number) < INTERNATIONAL
    return [national, abroad] if domestic or (trunk != "0" and len(number) < INTERNATIONAL) else [abroad, national]


def valid(number: str, country: str | None = None) -> str:
    """The number in E.164, "" when there can be none like it."""
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if phonenumbers.is_valid_number(parsed) else ""


def trunk_prefix(country: str) -> str:
    """What a national number begins with there, in most countries 0; it is left out behind the country's code."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country)
    return ((metadata.national_prefix if metadata else None) or "").replace("~", "")


def is_country(code: str) -> bool:
    return code in phonenumbers.SUPPORTED_REGIONS


def _visible(character: str) -> str:
    if character.isascii():
        return character if character.isprintable() else " " if character.isspace() else ""
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    category = unicodedata.category(character)
    if category == "Pd" or character in "\u2212\u2043":
        return "-"
    if category[0] == "Z":
        return " "
    if category in ("Cc", "Cf", "Cs", "So") or character in _FILLERS:
        return ""
    return "" if unicodedata.name(character, "").startswith("VARIATION SELECTOR") else character


def _in_context(line: str) -> str:
    """`555-0123;phone-context=+1415` is a number; a host as its context says nothing of it."""
    context = _CONTEXT.search(line)
    if context is None:
        return line
    return (context[1] if context[1].startswith("+") else "") + line[: context.start()]


def _host(text: str) -> str:
    found = _HOST.match(text.strip())
    return found[0].casefold().rstrip(".") if found else ""


def _number(user: str) -> str:
    text = _TRUNK_IN_BRACKETS.sub("", _EXTENSION.sub("", _OUTSIDE_LINE.sub("", user)))
    if not _DIGITS.fullmatch(text) and (among_words := _AMONG_WORDS.search(text)):
        text = among_words[0]
    if not _DIGITS.fullmatch(text):
        return ""
    digits = re.sub(r"\D", "", text)
    plus = "+" if "+" in text[: text.index(digits[0])] else ""
    return f"{plus}{digits}" if len(digits) <= MOST_DIGITS else ""
