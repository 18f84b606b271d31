"""An application's answer: what the SDKs really emit, what is left out with a word, and what is refused, by its place."""

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.customer.answer_xml import STREAMS, WARNINGS, InvalidAnswer, parse
from streams.pure.messages import StreamRequest

with warnings.catch_warnings():
    # The published SDK is written for an older Python.
    warnings.simplefilter("ignore")
    from plivo import plivoxml

URL = "wss://s.example/audio"


def answer(attributes: str = "", url: str = URL) -> bytes:
    return f"<Response><Stream {attributes}>{url}</Stream></Response>".encode()


def refused(document: bytes) -> InvalidAnswer:
    with pytest.raises(InvalidAnswer) as raised:
        parse(document)
    return raised.value


class TestWhatIsUnderstood:
    def test_a_url_is_enough(self):
        assert parse(answer()) == ((StreamRequest(URL),), ())

    @pytest.mark.parametrize("pretty", [True, False])
    def test_what_plivos_sdk_emits(self, pretty):
        document = plivoxml.ResponseElement().add(
            plivoxml.StreamElement(
                URL,
                bidirectional=True,
                audioTrack="inbound",
                streamTimeout=120,
                statusCallbackUrl="https://x.example/cb",
                statusCallbackMethod="POST",
                contentType="audio/x-mulaw;rate=8000",
                extraHeaders="a=1,b=2",
                keepCallAlive=True,
            )
        )
        expected = StreamRequest(
            service_url=URL,
            bidirectional=True,
            stream_timeout_seconds=120,
            status_callback_url="https://x.example/cb",
            content_type="audio/x-mulaw;rate=8000",
            extra_headers="a=1;b=2",
            keep_call_alive=True,
        )
        assert parse(document.to_string(pretty).encode()) == ((expected,), ())

    def test_every_attribute(self):
        attributes = (
            'bidirectional="false" audioTrack="both" streamTimeout="1" statusCallbackUrl="http://c.example/" statusCallbackMethod="GET" '
            'contentType="audio/x-l16;rate=16000" extraHeaders="a=1;b=2" keepCallAlive="true" '
            'noiseCancellation="true" noiseCancellationLevel="60"'
        )
        assert parse(answer(attributes)).streams == (
            StreamRequest(
                service_url=URL,
                audio_track="both",
                stream_timeout_seconds=1,
                status_callback_url="http://c.example/",
                status_callback_method="GET",
                content_type="audio/x-l16;rate=16000",
                extra_headers="a=1;b=2",
                keep_call_alive=True,
                noise_cancellation=True,
                noise_cancellation_level=60,
            ),
        )

    def test_a_query_is_kept_as_it_is(self):
        assert (
            parse(answer(url="\n    wss://s.example/?CallUUID=1&amp;To=%2B1\n  ")).streams[0].service_url
            == "wss://s.example/?CallUUID=1&To=%2B1"
        )

    @pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n", b" \n\xef\xbb\xbf\t", b"\n  ", b"<!-- hello -->"])
    @pytest.mark.parametrize("declaration", [b"", b'<?xml version="1.0" encoding="UTF-8"?>\n'])
    def test_what_may_stand_before_the_root(self, before, declaration):
        document = declaration + before + answer() if before.startswith(b"<!--") else before + declaration + answer()
        assert parse(document).streams == (StreamRequest(URL),)

    def test_a_namespace_and_utf_16(self):
        assert parse(b'<Response xmlns="http://x.example/"><Stream>ws://s</Stream></Response>').streams == (StreamRequest("ws://s"),)
        assert parse(answer().decode().encode("utf-16")).streams == (StreamRequest(URL),)

    def test_several_streams_in_order(self):
        document = b"<Response><Stream>ws://one</Stream><Stream>ws://two</Stream></Response>"
        assert [request.service_url for request in parse(document).streams] == ["ws://one", "ws://two"]


class TestWhatIsLeftOut:
    @pytest.mark.parametrize(
        ("document", "warning"),
        [
            (b"<Response><Speak>Hi</Speak><Stream>ws://s</Stream></Response>", "<Speak> is not carried out; only <Stream> is."),
            (
                b'<Response><Stream maxRetries="3">ws://s</Stream></Response>',
                "<Stream> 1 has the attribute maxRetries, which is not known and ignored.",
            ),
            (
                b"<Response><Stream>ws://s<Parameter/></Stream></Response>",
                "<Stream> 1 holds <Parameter>, which is ignored; parameters are attributes.",
            ),
            (
                b'<Response><Stream extraHeaders="[object Object]">ws://s</Stream></Response>',
                "<Stream> 1 has extraHeaders '[object Object]' in which there is no key=value pair; it is left out.",
            ),
        ],
    )
    def test_with_a_word(self, document, warning):
        assert parse(document) == ((StreamRequest("ws://s"),), (warning,))

    @pytest.mark.parametrize(
        ("attribute", "warning"),
        [
            ('streamTimeout="-1"', "streamTimeout is '-1'; it has to be a whole number from 1 to 2147483647; it is left out."),
            ('keepCallAlive="maybe"', "keepCallAlive is 'maybe'; it has to be true or false; it is left out."),
            ('statusCallbackUrl="ftp://c"', "statusCallbackUrl has to begin with http:// or https:// and a host; it is left out."),
            ('statusCallbackMethod="PUT"', "statusCallbackMethod is 'PUT'; it has to be one of GET, POST; it is left out."),
        ],
    )
    def test_what_decorates_a_stream_does_not_cost_the_call(self, attribute, warning):
        assert parse(answer(attribute)) == ((StreamRequest(URL),), (f"<Stream> 1: {warning}",))

    @pytest.mark.parametrize(
        ("level", "taken", "instead"),
        [
            ("7", 60, "it is taken as 60"),
            ("-5", 60, "it is taken as 60"),
            ("101", 100, "it is taken as 100"),
            ("1e9", 100, "it is taken as 100"),
            ("9" * 40 + "e999", 100, "it is taken as 100"),
            ("72.6", 73, "it is taken as 73"),
            ("abc", 85, "85 is taken"),
            ("nan", 85, "85 is taken"),
            ("inf", 85, "85 is taken"),
            ("0x50", 85, "85 is taken"),
            ("\u0667\u0660", 85, "85 is taken"),
            ("9" * 400, 85, "85 is taken"),
        ],
    )
    def test_a_level_of_noise_cancellation_that_is_none_costs_neither_call_nor_cancellation(self, level, taken, instead) -> None:
        (stream,), (warning,) = parse(answer(f'noiseCancellation="true" noiseCancellationLevel="{level}"'))
        assert (stream.noise_cancellation, stream.noise_cancellation_level) == (True, taken)
        assert warning.startswith("<Stream> 1: noiseCancellationLevel is ")
        assert warning.endswith(f"; it has to be a whole number from 60 to 100; {instead}.")

    def test_a_pair_of_extra_headers_that_is_none_leaves_the_others(self):
        found = parse(answer('extraHeaders="a=1,oops,b=Jane Doe"'))
        assert found.streams == (StreamRequest(URL, extra_headers="a=1;b=Jane Doe"),)
        assert "extraHeaders holds no key=value pair in part 2 of 3" in found.warnings[0]

    @pytest.mark.parametrize("headers", ["s3cret", "a=1,s3cret", "[object s3cret] s3cret"])
    def test_a_secret_without_a_name_is_not_told(self, headers):
        assert "s3cret" not in str(parse(answer(f'extraHeaders="{headers}"')).warnings)

    def test_one_bad_stream_leaves_the_good_ones(self):
        document = (
            b'<Response><Stream contentType="audio/opus">ws://bad</Stream><Stream>ws://one</Stream>'
            b"<Stream>https://bad</Stream><Stream>ws://two</Stream></Response>"
        )
        found = parse(document)
        assert [request.service_url for request in found.streams] == ["ws://one", "ws://two"]
        assert [warning[:52] for warning in found.warnings] == [
            "<Stream> 1, attribute contentType is left out: conte",
            "<Stream> 3, its text is left out: The URL in <Stream",
        ]

    def test_a_second_stream_to_one_url(self):
        document = b'<Response><Stream>ws://s</Stream><Stream audioTrack="both">ws://s</Stream></Response>'
        assert parse(document) == ((StreamRequest("ws://s"),), ("<Stream> 2 goes to the same URL as one before it and is left out.",))

    @pytest.mark.parametrize("document", [b"<Response/>", b"<Response><Hangup/></Response>"])
    def test_no_stream_at_all(self, document):
        found = parse(document)
        assert found.streams == ()
        assert found.warnings[-1] == "The answer has no <Stream> element, so nothing is streamed."

    def test_more_streams_than_one_answer_may_start(self):
        streams = "".join(f"<Stream>ws://s/{number}</Stream>" for number in range(STREAMS + 1))
        found = parse(f"<Response>{streams}</Response>".encode())
        assert len(found.streams) == STREAMS
        assert found.warnings == (f"<Stream> {STREAMS + 1} is left out; one answer may start at most {STREAMS} streams.",)

    def test_warnings_are_bounded(self):
        elements = "".join(f"<a{number}/>" for number in range(400))
        found = parse(f"<Response>{elements}</Response>".encode())
        assert len(found.warnings) == WARNINGS + 1
        assert found.warnings[-1] == f"{401 - WARNINGS} more warnings are left out."


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("document", "place", "words"),
        [
            (b"", "line 1, column 1", "is empty"),
            (b"  \n ", "line 1, column 1", "is empty"),
            (b"<!DOCTYPE html><html><body>Sign in</body></html>", "line 1, column 1", "is an HTML page"),
            (b"\n<HTML><head>", "line 1, column 1", "is an HTML page"),
            (b'{"error":"no"}', "line 1, column 1", "is JSON; it has to be XML"),
            (b'"<?xml version=\\"1.0\\"?><Response/>"', "line 1, column 1", "is JSON, a text with the XML in it: send the XML itself"),
            (b"&lt;Response/&gt;", "line 1, column 1", "angle brackets were escaped"),
            (b"{not json", "line 1, column 1", "not well-formed XML"),
            (b"<Response><Stream>ws://s</Response>", "line 1, column 27", "mismatched tag"),
            (b"\n\n<Response>\n<Stream>\n</Response>", "line 5, column 3", "mismatched tag"),
            (b"<Response><Stream>ws://s?a=1&b=2</Stream></Response>", "line 1, column 31", "not well-formed XML"),
            (b"<Responses/>", "<Responses>", "has to be <Response>"),
            (b"<response/>", "<response>", "has to be <Response>"),
            (b"<!DOCTYPE Response><Response/>", "<!DOCTYPE>", "leave <!DOCTYPE> out"),
            (b'<!DOCTYPE r [<!ENTITY a "b">]><Response>&a;</Response>', "<!DOCTYPE>", "leave <!DOCTYPE> out"),
            (b'<?xml version="1.0" encoding="martian"?><Response/>', "line 1, column", "encoding"),
            (b"<Response>" + b" " * 100_000 + b"</Response>", "the whole document", "at most 100000"),
        ],
    )
    def test_documents(self, document, place, words):
        error = refused(document)
        assert error.place.startswith(place)
        assert words in error.problem

    @pytest.mark.parametrize(
        ("document", "place", "problem"),
        [
            (
                answer('audioTrack="left"'),
                "<Stream> 1, attribute audioTrack",
                "audioTrack is 'left'; it has to be one of inbound, outbound, both.",
            ),
            (
                answer('bidirectional="true" audioTrack="both"'),
                "<Stream> 1, attribute audioTrack",
                "audioTrack is 'both'; with bidirectional it has to be inbound.",
            ),
            (
                answer('audioTrack="left" streamTimeout="-1"'),
                "<Stream> 1, attribute audioTrack",
                "audioTrack is 'left'; it has to be one of inbound, outbound, both. "
                "streamTimeout is '-1'; it has to be a whole number from 1 to 2147483647.",
            ),
            (answer(url=""), "<Stream> 1, its text", "The URL in <Stream> is missing."),
            (answer(url="https://s.example"), "<Stream> 1, its text", "The URL in <Stream> has to begin with ws:// or wss:// and a host."),
            (
                b'<Response><Stream contentType="audio/opus">ws://s</Stream><Stream audioTrack="left">ws://t</Stream></Response>',
                "<Stream> 1, attribute contentType",
                "contentType is 'audio/opus'; it has to be one of audio/x-l16;rate=8000, audio/x-l16;rate=16000, audio/x-mulaw;rate=8000.",
            ),
        ],
    )
    def test_streams(self, document, place, problem):
        error = refused(document)
        assert (error.place, error.problem) == (place, problem)
        assert str(error) == f"{problem} ({place})"

    @given(st.binary() | st.text().map(lambda text: f"<Response><Stream {text}</Response>".encode("utf-8", "replace")))
    def test_nothing_else_is_raised(self, document):
        try:
            parse(document)
        except InvalidAnswer as error:
            assert error.problem and error.place

    def test_deep_nesting_is_no_way_to_break_it(self):
        document = b"<Response>" + b"<a>" * 14_000 + b"</a>" * 14_000 + b"</Response>"
        assert "28002 tags" in refused(document).problem
        document = b"<Response>" + b"<a>" * 240 + b"</a>" * 240 + b"</Response>"
        assert parse(document).streams == ()

    @pytest.mark.parametrize(
        "inside",
        [
            b"<a/>" * 20_000,
            b"<Stream>ws://a.example/</Stream>" * 2500,
            b"<Stream>ws://a.example/" + b"<b/>" * 20_000 + b"</Stream>",
            b"".join(b'<a xmlns="u%d"/>' % number for number in range(4500)),
            b"<!---->" * 12_000,
        ],
        ids=["elements", "streams", "elements in a stream", "namespaces", "comments"],
    )
    def test_tens_of_kilobytes_of_tags_are_counted_and_not_parsed(self, inside, monkeypatch):
        monkeypatch.setattr("streams.pure.customer.answer_xml.fromstring", None)
        error = refused(b"<Response>" + inside + b"</Response>")
        assert error.place == "the whole document" and "it may have at most 500, and start 16 streams" in error.problem

    def test_thousands_of_attributes_are_counted_before_one_is_read(self):
        attributes = b" ".join(b'a%d=""' % number for number in range(9000))
        error = refused(b"<Response><Stream " + attributes + b">ws://a.example/</Stream></Response>")
        assert error.problem == "<Stream> has 9000 attributes; an element may have at most 50."
        assert error.place == "<Stream>"

    def test_a_long_and_wordy_answer_is_still_one(self):
        comments = b"<!-- what this does, and why -->\n" * 200
        streams = b"".join(b"<Stream>ws://s/%d</Stream>" % number for number in range(STREAMS))
        assert len(parse(b"<Response>" + comments + streams + b"</Response>").streams) == STREAMS
