"""What may be asked of a stream: the parameters of <Stream> and of the API, their ranges, and the rules between them.

Owns StreamRequest's checks and their sentences. Must not know whether the request came as XML, by API or from the console."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from streams.pure.audio.convert import CONTENT_TYPES
from streams.pure.customer.service_url import HTTP_SCHEMES, WEBSOCKET_SCHEMES, url_problem
from streams.pure.foreign_text import cleaned
from streams.pure.messages import StreamRequest

TRACKS = ("inbound", "outbound", "both")
METHODS = ("GET", "POST")
EXTRA_HEADERS_BYTES = 512
TIMEOUT_SECONDS = 2_147_483_647
_FLAGS = {"true": True, "false": False}
_PAIR = re.compile(r"[A-Za-z0-9_-]+=[A-Za-z0-9_.~%+@:/=-]*")


class Problem(NamedTuple):
    """`words` complete the sentence that begins with the parameter's name."""

    parameter: str
    words: str


class InvalidRequest(ValueError):
    """The request cannot be carried out. `problems` are sentences by the wire names; `found` lets another name them its way."""

    def __init__(self, found: list[Problem]) -> None:
        self.found = found
        self.problems = [f"{problem.parameter} {problem.words}." for problem in found]
        super().__init__(" ".join(self.problems))


def checked(values: Mapping[str, object]) -> StreamRequest:
    """The request in `values` (wire names of the API; real types or strings), with defaults for what is missing or empty.

    Names that are no parameters are left alone. Raises InvalidRequest with everything that is wrong."""
    reader = _Reader(values)
    request = StreamRequest(
        service_url=reader.url("service_url", WEBSOCKET_SCHEMES, required=True),
        bidirectional=reader.flag("bidirectional", False),
        audio_track=reader.choice("audio_track", TRACKS, "inbound"),
        stream_timeout_seconds=reader.number("stream_timeout", 1, TIMEOUT_SECONDS, 86_400),
        # Plivo's command line sends the callback URL under its longer name.
        status_callback_url=reader.url("status_callback_url", HTTP_SCHEMES) or reader.url("stream_status_callback_url", HTTP_SCHEMES),
        status_callback_method=reader.choice("status_callback_method", METHODS, "POST"),
        content_type=reader.choice("content_type", tuple(CONTENT_TYPES), "audio/x-l16;rate=8000"),
        extra_headers=reader.extra_headers("extra_headers"),
        keep_call_alive=reader.flag("keep_call_alive", False),
        noise_cancellation=reader.flag("noise_cancellation", False),
        noise_cancellation_level=reader.number("noise_cancellation_level", 60, 100, 85),
    )
    if request.bidirectional and request.audio_track != "inbound":
        reader.wrong("audio_track", f"is {request.audio_track!r}; with bidirectional it has to be inbound")
    if reader.found:
        raise InvalidRequest(reader.found)
    return request


class _Reader:
    """Reads parameters one by one; what is wrong gathers in `found`, and the default stands in for it."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values
        self.found: list[Problem] = []

    def wrong(self, parameter: str, words: str) -> None:
        self.found.append(Problem(parameter, words))

    def flag(self, name: str, default: bool) -> bool:
        text = self._text(name)
        if text and text.lower() not in _FLAGS:
            self.wrong(name, f"is {cleaned(text, 60)!r}; it has to be true or false")
        return _FLAGS.get(text.lower(), default)

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """Without regard to case and spaces, in the spelling of `allowed`."""
        text = self._text(name)
        spellings = {word.lower(): word for word in allowed}
        plain = text.replace(" ", "").lower()
        if plain and plain not in spellings:
            self.wrong(name, f"is {cleaned(text, 60)!r}; it has to be one of {', '.join(allowed)}")
        return spellings.get(plain, default)

    def number(self, name: str, low: int, high: int, default: int) -> int:
        text = self._text(name)
        if not text:
            return default
        number = int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None
        if number is None or not low <= number <= high:
            self.wrong(name, f"is {cleaned(text, 60)!r}; it has to be a whole number from {low} to {high}")
            return default
        return number

    def url(self, name: str, schemes: tuple[str, ...], required: bool = False) -> str:
        text = self._text(name)
        problem = url_problem(text, schemes) if text else "is missing" if required else ""
        if problem:
            self.wrong(name, problem)
        return text

    def extra_headers(self, name: str) -> str:
        """`k=v` pairs, separated by ',' or ';' (the documentation says either), as 'k=v;k2=v2'."""
        pairs = [pair.strip() for pair in re.split("[,;]", self._text(name)) if pair.strip()]
        text = ";".join(pairs)
        if len(text.encode("utf-8", "replace")) > EXTRA_HEADERS_BYTES:
            self.wrong(name, f"has {len(text.encode('utf-8', 'replace'))} bytes; it may have at most {EXTRA_HEADERS_BYTES}")
            return ""
        if unreadable := next((pair for pair in pairs if not _PAIR.fullmatch(pair)), None):
            self.wrong(
                name,
                f"holds {cleaned(unreadable, 60)!r}; it has to be key=value pairs separated by commas, keys of letters, digits,"
                " '_' and '-', other characters in values percent-encoded",
            )
        return text

    def _text(self, name: str) -> str:
        """The value as text: JSON's true and 60 read like 'true' and '60'; '' for what is missing."""
        value = self._values.get(name)
        return "" if value is None else str(value).strip()
