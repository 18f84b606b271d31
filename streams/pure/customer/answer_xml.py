"""An application's answer: the <Response> document and its <Stream> elements.

Owns the XML, its limits and where in it something is wrong. Must not know where the document came from."""

import re
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError  # the types: defusedxml parses  # nosec B405
from xml.parsers.expat import ErrorString

import orjson
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from streams.pure.customer.stream_request import ESSENTIAL, ParameterProblem, read_request
from streams.pure.foreign_text import cleaned
from streams.pure.messages import StreamRequest

# A document of 100 kB could name a thousand streams and twenty thousand elements we do not know.
STREAMS = 16
WARNINGS = 20
TAGS = 500
"""Opening and closing ones and comments, counted in the bytes before anything is parsed. 80 kB of them take a tenth of a second."""
ATTRIBUTES = 50
"""Of one element."""
_ATTRIBUTES = {
    "bidirectional": "bidirectional",
    "audioTrack": "audio_track",
    "streamTimeout": "stream_timeout",
    "statusCallbackUrl": "status_callback_url",
    "statusCallbackMethod": "status_callback_method",
    "contentType": "content_type",
    "sampleRate": "sample_rate",
    "extraHeaders": "extra_headers",
    "keepCallAlive": "keep_call_alive",
    "noiseCancellation": "noise_cancellation",
    "noiseCancellationLevel": "noise_cancellation_level",
}
_ATTRIBUTE_OF = {parameter: attribute for attribute, parameter in _ATTRIBUTES.items()}
_PAGES = (b"<!doctype html", b"<html")
_NOTHING = re.compile(rb"\A(?:\xef\xbb\xbf|[\t\n\v\f\r ])+")
"""Blanks and byte order marks before the document (of UTF-8; a document in UTF-16 begins with its own)."""


class Answer(NamedTuple):
    """What to stream, and in sentences what of the document is not carried out."""

    streams: tuple[StreamRequest, ...]
    warnings: tuple[str, ...]


class InvalidAnswer(ValueError):
    """The document cannot be carried out: what is wrong (sentences), and where (line and column, or element and attribute)."""

    def __init__(self, problem: str, place: str) -> None:
        super().__init__(f"{problem} ({place})")
        self.problem = problem
        self.place = place


def parse(document: bytes, max_bytes: int = 100_000) -> Answer:
    """The streams that `document` asks for. Raises InvalidAnswer, and nothing else, for a document that is not as it has to be."""
    root = _root(document, max_bytes)
    warnings = [f"<{_name(element)}> is not carried out; only <Stream> is." for element in root if _name(element) != "Stream"]
    streams: dict[str, StreamRequest] = {}
    refused: list[InvalidAnswer] = []
    for number, element in enumerate((element for element in root if _name(element) == "Stream"), 1):
        try:
            request = _request(element, number, warnings)
        except InvalidAnswer as problem:
            refused.append(problem)
            continue
        if request.service_url in streams:
            warnings.append(f"<Stream> {number} goes to the same URL as one before it and is left out.")
        elif len(streams) == STREAMS:
            warnings.append(f"<Stream> {number} is left out; one answer may start at most {STREAMS} streams.")
        else:
            streams[request.service_url] = request
    if refused and not streams:
        raise refused[0]
    warnings += [f"{stream.place} is left out: {stream.problem}" for stream in refused]
    if not streams:
        warnings.append("The answer has no <Stream> element, so nothing is streamed.")
    return Answer(tuple(streams.values()), _at_most(warnings))


def _root(document: bytes, max_bytes: int) -> Element:
    if len(document) > max_bytes:
        raise InvalidAnswer(f"The answer has {len(document)} bytes; it may have at most {max_bytes}.", "the whole document")
    start = _NOTHING.sub(b"", document)
    if problem := _other_kind(start):
        raise InvalidAnswer(f"The answer {problem}; it has to be XML with the root <Response>.", "line 1, column 1")
    if (tags := start.count(b"<")) > TAGS:
        raise InvalidAnswer(f"The answer has {tags} tags; it may have at most {TAGS}, and start {STREAMS} streams.", "the whole document")
    root = _element(start, lines_before=document[: len(document) - len(start)].count(b"\n"))
    if (crowded := next((element for element in root.iter() if len(element.attrib) > ATTRIBUTES), None)) is not None:
        problem = f"<{_name(crowded)}> has {len(crowded.attrib)} attributes; an element may have at most {ATTRIBUTES}."
        raise InvalidAnswer(problem, f"<{_name(crowded)}>")
    if _name(root) != "Response":
        raise InvalidAnswer(f"The root element is <{_name(root)}>; it has to be <Response>.", f"<{_name(root)}>")
    return root


def _other_kind(start: bytes) -> str:
    """What a document that is plainly no XML is, by its beginning; "" for all others."""
    if not start:
        return "is empty"
    if start[:14].lower().startswith(_PAGES):
        return "is an HTML page, perhaps of a login or an error"
    if start[:4].lower() == b"&lt;":
        return "is XML whose angle brackets were escaped (&lt;Response&gt;): send it as it is"
    if start[:1] not in (b'"', b"{", b"["):
        return ""
    try:
        said = orjson.loads(start)
    except orjson.JSONDecodeError:
        return ""
    if isinstance(said, str) and "<Response" in said:
        return "is JSON, a text with the XML in it: send the XML itself, with the content type application/xml"
    return "is JSON"


def _element(document: bytes, lines_before: int) -> Element:
    """Well-formed XML without a document type, entities or anything fetched from elsewhere."""
    try:
        root: Element = fromstring(document, forbid_dtd=True)
    except ParseError as error:
        line, column = error.position
        problem = f"The answer is not well-formed XML ({ErrorString(error.code)}); it has to be a <Response> document."
        raise InvalidAnswer(problem, f"line {line + lines_before}, column {column + 1}") from None
    except DefusedXmlException:
        raise InvalidAnswer(
            "The answer has a document type or entities, which are not allowed; leave <!DOCTYPE> out.", "<!DOCTYPE>"
        ) from None
    except (LookupError, ValueError) as error:
        raise InvalidAnswer(
            f"The answer is in an encoding that cannot be read ({cleaned(error, 100)}); use UTF-8.", "line 1, column 1"
        ) from None
    return root


def _name(element: Element) -> str:
    """The name without its namespace."""
    return cleaned(element.tag.rpartition("}")[2], 60)


def _request(element: Element, number: int, warnings: list[str]) -> StreamRequest:
    """One <Stream>. What only decorates it and is wrong goes to `warnings`. Raises InvalidAnswer where it cannot be streamed."""
    for name in element.attrib.keys() - _ATTRIBUTES.keys():
        warnings.append(f"<Stream> {number} has the attribute {cleaned(name, 60)}, which is not known and ignored.")
    for child in element:
        warnings.append(f"<Stream> {number} holds <{_name(child)}>, which is ignored; parameters are attributes.")
    values = {parameter: element.get(attribute, "") for attribute, parameter in _ATTRIBUTES.items()}
    # A script that hands an object over where text is due sends "[object Object]": worth a word, and not the call.
    if values["extra_headers"].strip() and "=" not in values["extra_headers"]:
        said = values.pop("extra_headers").strip()
        quoted = f"{said!r}" if said == "[object Object]" else f"of {len(said)} characters"
        warnings.append(f"<Stream> {number} has extraHeaders {quoted} in which there is no key=value pair; it is left out.")
    service_url = "".join([element.text or "", *(child.tail or "" for child in element)])
    request, found = read_request({**values, "service_url": service_url})
    if any(problem.parameter in ESSENTIAL for problem in found):
        raise _invalid(found, number)
    warnings += [f"<Stream> {number}: {problem._replace(parameter=_ATTRIBUTE_OF[problem.parameter]).sentence}" for problem in found]
    return request


def _invalid(found: list[ParameterProblem], number: int) -> InvalidAnswer:
    """Every problem in sentences that name the attribute as the XML spells it; the place is the first one's."""
    problem = " ".join(f"{_ATTRIBUTE_OF.get(parameter, 'The URL in <Stream>')} {words}." for parameter, words, *_ in found)
    first = _ATTRIBUTE_OF.get(found[0].parameter)
    return InvalidAnswer(problem, f"<Stream> {number}, attribute {first}" if first else f"<Stream> {number}, its text")


def _at_most(warnings: list[str]) -> tuple[str, ...]:
    different = list(dict.fromkeys(warnings))
    left_out = len(different) - WARNINGS
    return (*different[:WARNINGS], f"{left_out} more warnings are left out.") if left_out > 0 else tuple(different)
