"""The parameters of a stream: defaults, ranges, the rules between them, and every problem at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.customer.stream_request import InvalidRequest, check_request, read_request
from streams.pure.messages import StreamRequest

URL = "wss://s.example/audio"


def problems(**values: object) -> list[str]:
    with pytest.raises(InvalidRequest) as raised:
        check_request({"service_url": URL, **values})
    return raised.value.problems


def test_a_url_is_enough():
    assert check_request({"service_url": URL}) == StreamRequest(URL)


def test_everything_as_strings():
    assert check_request(
        {
            "service_url": f"\n   {URL}?a=1 \n",
            "bidirectional": "true",
            "audio_track": "inbound",
            "stream_timeout": "120",
            "status_callback_url": "https://c.example/cb",
            "status_callback_method": "get",
            "content_type": "audio/x-mulaw; rate=8000",
            "extra_headers": "a=1, b=2",
            "keep_call_alive": "TRUE",
            "noise_cancellation": "true",
            "noise_cancellation_level": "60",
        }
    ) == StreamRequest(
        service_url=f"{URL}?a=1",
        bidirectional=True,
        audio_track="inbound",
        stream_timeout_seconds=120,
        status_callback_url="https://c.example/cb",
        status_callback_method="GET",
        content_type="audio/x-mulaw;rate=8000",
        extra_headers="a=1;b=2",
        keep_call_alive=True,
        noise_cancellation=True,
        noise_cancellation_level=60,
    )


def test_json_types_and_what_is_empty_or_null():
    request = check_request(
        {
            "service_url": URL,
            "bidirectional": True,
            "stream_timeout": 60,
            "audio_track": None,
            "content_type": "",
            "status_callback_url": None,
            "noise_cancellation": False,
            "noise_cancellation_level": 100,
        }
    )
    assert request == StreamRequest(URL, bidirectional=True, stream_timeout_seconds=60, noise_cancellation_level=100)


@pytest.mark.parametrize("text", ["1", "yes", "ON", " True ", 1, True])
def test_true_as_people_print_it(text: object) -> None:
    assert check_request({"service_url": URL, "bidirectional": text, "keep_call_alive": text}) == StreamRequest(
        URL, bidirectional=True, keep_call_alive=True
    )
    assert not check_request(
        {"service_url": URL, "bidirectional": {"1": "0", "yes": "no", "ON": "OFF"}.get(str(text), "false")}
    ).bidirectional


@pytest.mark.parametrize(("text", "seconds"), [("3600.0", 3600), (3600.0, 3600), ("+60", 60), ("060", 60), ("86400.", 86400)])
def test_a_whole_number_as_people_print_it(text: object, seconds: int) -> None:
    assert check_request({"service_url": URL, "stream_timeout": text}).stream_timeout_seconds == seconds


@pytest.mark.parametrize(
    ("content_type", "rate", "meant"),
    [
        ("", None, "audio/x-l16;rate=8000"),
        ("", "16000", "audio/x-l16;rate=16000"),
        ("raw", None, "audio/x-l16;rate=8000"),
        ("audio/x-mulaw", None, "audio/x-mulaw;rate=8000"),
        ("audio/x-mulaw", "8000", "audio/x-mulaw;rate=8000"),
        ("Audio/PCMU", 8000.0, "audio/x-mulaw;rate=8000"),
        ("audio/basic", None, "audio/x-mulaw;rate=8000"),
        ("audio/x-l16", 16000, "audio/x-l16;rate=16000"),
        ("audio/L16; rate=16000", None, "audio/x-l16;rate=16000"),
        ('audio/x-l16; rate="16000"', 8000, "audio/x-l16;rate=16000"),
    ],
)
def test_content_types_as_people_write_them(content_type: str, rate: object, meant: str) -> None:
    assert check_request({"service_url": URL, "content_type": content_type, "sample_rate": rate}).content_type == meant


@pytest.mark.parametrize(
    ("content_type", "rate", "words"),
    [
        ("audio/x-mulaw;rate=16000", None, "is 'audio/x-mulaw;rate=16000'"),
        ("audio/x-mulaw", 16000, "is 'audio/x-mulaw at 16000'"),
        ("audio/opus", None, "is 'audio/opus'"),
        ("audio/x-l16;rate=8000;channels=2", None, "is 'audio/x-l16;rate=8000;channels=2'"),
    ],
)
def test_a_content_type_that_is_not_spoken(content_type: str, rate: object, words: str) -> None:
    (problem,) = problems(content_type=content_type, sample_rate=rate)
    assert words in problem and "it has to be one of audio/x-l16;rate=8000" in problem


def test_what_decorates_is_read_around_what_is_wrong() -> None:
    wrong = {"stream_timeout": "soon", "extra_headers": "a=1,oops,b=2", "status_callback_url": "x"}
    request, found = read_request({"service_url": URL, **wrong})
    assert request == StreamRequest(URL, extra_headers="a=1;b=2")
    assert [problem.parameter for problem in found] == ["stream_timeout", "status_callback_url", "extra_headers"]


def test_names_that_are_no_parameters_are_left_alone():
    assert check_request({"service_url": URL, "call_uuid": "x", "cx_bot": True, "service_type": 7}) == StreamRequest(URL)


def test_the_longer_name_of_the_callback_url():
    assert check_request({"service_url": URL, "stream_status_callback_url": "http://c.example/"}).status_callback_url == "http://c.example/"


@pytest.mark.parametrize("track", ["outbound", "both"])
def test_bidirectional_streams_fork_the_inbound_track(track):
    assert check_request({"service_url": URL, "audio_track": track}).audio_track == track
    assert problems(bidirectional="true", audio_track=track) == [f"audio_track is '{track}'; with bidirectional it has to be inbound."]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"service_url": ""}, "service_url is missing."),
        ({"service_url": None}, "service_url is missing."),
        ({"service_url": "http://s.example"}, "service_url has to begin with ws:// or wss:// and a host."),
        ({"bidirectional": "maybe"}, "bidirectional is 'maybe'; it has to be true or false."),
        ({"keep_call_alive": 2}, "keep_call_alive is '2'; it has to be true or false."),
        ({"audio_track": "left"}, "audio_track is 'left'; it has to be one of inbound, outbound, both."),
        ({"status_callback_method": "PUT"}, "status_callback_method is 'PUT'; it has to be one of GET, POST."),
        ({"status_callback_url": "ftp://c.example"}, "status_callback_url has to begin with http:// or https:// and a host."),
        ({"stream_timeout": "0"}, "stream_timeout is '0'; it has to be a whole number from 1 to 2147483647."),
        ({"stream_timeout": -1}, "stream_timeout is '-1'; it has to be a whole number from 1 to 2147483647."),
        ({"stream_timeout": "1.5"}, "stream_timeout is '1.5'; it has to be a whole number from 1 to 2147483647."),
        ({"stream_timeout": "٣"}, "stream_timeout is '٣'; it has to be a whole number from 1 to 2147483647."),
        ({"stream_timeout": True}, "stream_timeout is 'True'; it has to be a whole number from 1 to 2147483647."),
        ({"noise_cancellation_level": "high"}, "noise_cancellation_level is 'high'; it has to be a whole number from 60 to 100."),
        ({"noise_cancellation_level": True}, "noise_cancellation_level is 'True'; it has to be a whole number from 60 to 100."),
        (
            {"content_type": "audio/x-l16;rate=24000"},
            "content_type is 'audio/x-l16;rate=24000'; "
            "it has to be one of audio/x-l16;rate=8000, audio/x-l16;rate=16000, audio/x-mulaw;rate=8000.",
        ),
        ({"extra_headers": "a=" + "x" * 511}, "extra_headers has 513 bytes; it may have at most 512."),
        ({"extra_headers": "a=b," * 20_000 + "c"}, "extra_headers has 80001 characters; it may have at most 512 bytes."),
    ],
)
def test_each_problem_is_a_sentence(values, sentence):
    assert problems(**values) == [sentence]


@pytest.mark.parametrize("text", ["novalue", "a b=1", "=1", "é=1", "a=1;b", "[object Object]", "a=\x00", "a=\u202eb", "a=\x7f"])
def test_extra_headers_are_pairs_with_plain_keys_and_no_hostile_characters(text):
    (problem,) = problems(extra_headers=text)
    assert problem.startswith("extra_headers holds ")
    assert "key=value pairs" in problem


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("userId=12345;sessionId=abc-xyz", "userId=12345;sessionId=abc-xyz"),
        ("userId=12345,sessionId=abc_xyz", "userId=12345;sessionId=abc_xyz"),
        (" a=1 ,; b=%20x, ", "a=1;b=%20x"),
        ("caller=+1 415 555 0123,name=Jane Doe", "caller=+1 415 555 0123;name=Jane Doe"),
        ("name = José <b>,note='a=b'", "name=José <b>;note='a=b'"),
        ("token=eyJhIjoxfQ==", "token=eyJhIjoxfQ=="),
        ("a=", "a="),
        ("a=" + "x" * 510, "a=" + "x" * 510),
        ("", ""),
    ],
)
def test_extra_headers_are_normalised(text, normalised):
    assert check_request({"service_url": URL, "extra_headers": text}).extra_headers == normalised


def test_every_problem_comes_at_once():
    assert len(problems(service_url="x", bidirectional="x", audio_track="x", stream_timeout="x", content_type="x")) == 5


@given(
    st.dictionaries(
        st.sampled_from(["service_url", "bidirectional", "stream_timeout", "extra_headers", "status_callback_url", "content_type"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()),
    )
)
def test_no_value_raises_anything_else(values):
    try:
        check_request(values)
    except InvalidRequest as error:
        assert all(problem.endswith(".") for problem in error.problems)
