"""What may be asked of a stream: the parameters of <Stream> and of the API, their ranges, and the rules between them.

Owns StreamRequest's checks and their sentences. Must not know whether the request came as XML, by API or from the console."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from streams.pure.audio.convert import CONTENT_TYPES
from streams.pure.audio.noise import HIGHEST_LEVEL, LOWEST_LEVEL
from streams.pure.customer.service_url import HTTP_SCHEMES, URL_CHARACTERS, WEBSOCKET_SCHEMES, url_problem
from streams.pure.foreign_text import cleaned
from streams.pure.messages import StreamRequest

TRACKS = ("inbound", "outbound", "both")
METHODS = ("GET", "POST")
EXTRA_HEADERS_BYTES = 512
TIMEOUT_SECONDS = 2_147_483_647
LEFT_OUT = "it is left out"
DEFAULT_CONTENT_TYPE = "audio/x-l16;rate=8000"
_FLAGS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
_WHOLE = re.compile(r"\+?0*([0-9]{1,10})(?:\.0*)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{0,40})?(?:e[+-]?[0-9]{1,3})?", re.ASCII | re.IGNORECASE)
_BLANK_EQUALS = re.compile(r"\s*=\s*")
_PAIR = re.compile(r"[A-Za-z0-9_-]+=.*")
_MIME_TYPES = {
    **dict.fromkeys(("", "raw", "audio/x-l16", "audio/l16"), "audio/x-l16"),
    **dict.fromkeys(("audio/x-mulaw", "audio/mulaw", "audio/pcmu", "audio/basic"), "audio/x-mulaw"),
}


class ParameterProblem(NamedTuple):
    """`words` complete the sentence that begins with the parameter's name; `instead`: what is done where the request is carried out all the
    same. `understood`: what was meant is plain, and there is something near it, so that it is no reason to refuse."""

    parameter: str
    words: str
    instead: str = LEFT_OUT
    understood: bool = False

    @property
    def sentence(self) -> str:
        return f"{self.parameter} {self.words}; {self.instead}."


class InvalidRequest(ValueError):
    """The request cannot be carried out. `problems` are sentences by the wire names; `found` lets another name them its way."""

    def __init__(self, found: list[ParameterProblem]) -> None:
        self.found = found
        self.problems = [f"{problem.parameter} {problem.words}." for problem in found]
        super().__init__(" ".join(self.problems))


class RequestReading(NamedTuple):
    """What was asked for, with defaults for what is missing, empty or wrong; and what is wrong."""

    request: StreamRequest
    found: list[ParameterProblem]


ESSENTIAL = frozenset({"service_url", "bidirectional", "audio_track", "content_type"})
"""What says where audio goes and which: a stream that has one of these wrong cannot be streamed. The others decorate it."""


def accept_request(values: Mapping[str, object]) -> RequestReading:
    """The request in `values`, and what of it is taken as something near it. Raises InvalidRequest with everything else that is wrong."""
    reading = read_request(values)
    if refused := [problem for problem in reading.found if not problem.understood]:
        raise InvalidRequest(refused)
    return reading


def check_request(values: Mapping[str, object]) -> StreamRequest:
    """The request alone."""
    return accept_request(values).request


def read_request(values: Mapping[str, object]) -> RequestReading:
    """What `values` ask for (wire names of the API; real types or strings). Names that are no parameters are left alone."""
    reader = _Reader(values)
    request = StreamRequest(
        service_url=reader.url("service_url", WEBSOCKET_SCHEMES, required=True),
        bidirectional=reader.flag("bidirectional", False),
        audio_track=reader.choice("audio_track", TRACKS, "inbound"),
        stream_timeout_seconds=reader.number("stream_timeout", 1, TIMEOUT_SECONDS, 86_400),
        # Plivo's command line sends the callback URL under its longer name.
        status_callback_url=reader.url("status_callback_url", HTTP_SCHEMES) or reader.url("stream_status_callback_url", HTTP_SCHEMES),
        status_callback_method=reader.choice("status_callback_method", METHODS, "POST"),
        content_type=reader.content_type("content_type", "sample_rate"),
        extra_headers=reader.extra_headers("extra_headers"),
        keep_call_alive=reader.flag("keep_call_alive", False),
        noise_cancellation=reader.flag("noise_cancellation", False),
        noise_cancellation_level=reader.level("noise_cancellation_level", LOWEST_LEVEL, HIGHEST_LEVEL, 85),
    )
    if request.bidirectional and request.audio_track != "inbound":
        reader.wrong("audio_track", f"is {request.audio_track!r}; with bidirectional it has to be inbound")
    return RequestReading(request, reader.found)


class _Reader:
    """Reads parameters one by one, in the spellings that people's programs give them; what is wrong gathers in `found`, and the default
    stands in for it."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values
        self.found: list[ParameterProblem] = []

    def wrong(self, parameter: str, words: str, instead: str = LEFT_OUT, *, understood: bool = False) -> None:
        self.found.append(ParameterProblem(parameter, words, instead, understood))

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
        whole = _WHOLE.fullmatch(text)
        number = int(whole[1]) if whole else None
        if number is None or not low <= number <= high:
            self.wrong(name, f"is {cleaned(text, 60)!r}; it has to be a whole number from {low} to {high}")
            return default
        return number

    def level(self, name: str, low: int, high: int, default: int) -> int:
        """A number that is only too low or too high, or not whole, means the nearest that there is."""
        text = self._text(name)
        whole = _WHOLE.fullmatch(text)
        if not text or (whole and low <= int(whole[1]) <= high):
            return int(whole[1]) if whole else default
        known = _NUMBER.fullmatch(text)
        nearest = round(min(max(float(text), low), high)) if known else default
        instead = f"it is taken as {nearest}" if known else f"{default} is taken"
        self.wrong(name, f"is {cleaned(text, 60)!r}; it has to be a whole number from {low} to {high}", instead, understood=bool(known))
        return nearest

    def content_type(self, name: str, rate_name: str) -> str:
        """A content type in one of its spellings. What leaves the rate out means the one given beside it, or 8000; `raw` is L16."""
        text, beside = self._text(name).replace(" ", "").lower(), self._text(rate_name).removesuffix(".0")
        mime, _, rate = text.replace('"', "").partition(";rate=")
        spelled = f"{_MIME_TYPES.get(mime, mime)};rate={rate or beside or 8000}"
        if spelled in CONTENT_TYPES:
            return spelled
        said = text + (f" at {cleaned(beside, 20)}" if beside and not rate else "")
        self.wrong(name, f"is {cleaned(said, 60)!r}; it has to be one of {', '.join(CONTENT_TYPES)}")
        return DEFAULT_CONTENT_TYPE

    def url(self, name: str, schemes: tuple[str, ...], required: bool = False) -> str:
        text = self._text(name)
        problem = url_problem(text, schemes) if text else "is missing" if required else ""
        if not problem:
            return text
        self.wrong(name, problem)
        return ""

    def extra_headers(self, name: str) -> str:
        """`k=v` pairs, separated by ',' or ';' (the documentation says either), as 'k=v;k2=v2'. A pair that is none is left out."""
        given = self._text(name)
        if len(given) > 4 * EXTRA_HEADERS_BYTES:  # whatever is blank in it, this is not read
            self.wrong(name, f"has {len(given)} characters; it may have at most {EXTRA_HEADERS_BYTES} bytes")
            return ""
        pairs = [_BLANK_EQUALS.sub("=", pair.strip(), count=1) for pair in re.split("[,;]", given) if pair.strip()]
        good = [pair for pair in pairs if _PAIR.fullmatch(pair) and cleaned(pair, URL_CHARACTERS) == pair]
        if len(good) < len(pairs):
            # Not what it is: it may be somebody's access token, and the words go into debug logs.
            unreadable = next(number for number, pair in enumerate(pairs, 1) if pair not in good)
            self.wrong(
                name,
                f"holds no key=value pair in part {unreadable} of {len(pairs)}; it has to be key=value pairs separated by commas, "
                "keys of letters, digits, '_' and '-', a comma, a semicolon or a control character in a value percent-encoded",
            )
        text = ";".join(good)
        size = len(text.encode("utf-8", "replace"))
        if size <= EXTRA_HEADERS_BYTES:
            return text
        self.wrong(name, f"has {size} bytes; it may have at most {EXTRA_HEADERS_BYTES}")
        return ""

    def _text(self, name: str) -> str:
        """The value as text: JSON's true and 60 read like 'true' and '60'; '' for what is missing."""
        value = self._values.get(name)
        return "" if value is None else str(value).strip()
