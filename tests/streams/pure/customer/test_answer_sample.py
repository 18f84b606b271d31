"""What the debug log keeps of an application's answer: its beginning, readable, and no secret."""

import pytest

from streams.pure.customer.answer_sample import KEPT_CHARACTERS, answer_sample

XML = '<Response>\n\t<Stream extraHeaders="{}">wss://bot.example/audio</Stream>\n</Response>\n'


def test_the_document_is_kept_line_by_line() -> None:
    assert answer_sample(XML.format("").encode()) == (
        '<Response>\n    <Stream extraHeaders="(hidden)">wss://bot.example/audio</Stream>\n</Response>'
    )


@pytest.mark.parametrize(
    "headers",
    [
        'extraHeaders="token=s3cret"',
        "extraHeaders = 'a=\"b\",token=s3cret'",
        'EXTRAHEADERS="tenant=acme;\ntoken=s3cret"',
        'extraHeaders="tenant=acme, token=s3cret',
        "extraHeaders=token=s3cret",
    ],
)
def test_the_values_of_extra_headers_are_hidden_also_in_a_broken_document(headers) -> None:
    for document in (f"<Response><Stream {headers}>wss://bot.example/a</Stream>", f"<Stream {headers}"):
        assert "s3cret" not in answer_sample(document.encode()) and "(hidden)" in answer_sample(document.encode())
        assert "s3cret" not in answer_sample(document.encode("utf-16"))


def test_a_value_that_the_cut_leaves_open_is_hidden() -> None:
    document = "<Response>" + " " * (KEPT_CHARACTERS - 40) + '<Stream extraHeaders="' + "s3cret" * 2000 + '">'
    assert "s3cret" not in answer_sample(document.encode())


def test_passwords_and_values_in_urls_are_hidden_and_the_rest_of_the_url_stays() -> None:
    document = b"<Stream>wss://maria:s3cret@bot.example/audio?to=a@b.example</Stream> // mail: a@b.example"
    assert answer_sample(document) == "<Stream>wss://***@bot.example/audio?to=***</Stream> // mail: a@b.example"


def test_it_is_bounded_and_says_that_it_was_cut() -> None:
    for document in (b"<a>" * 9000, b"\n" * 50_000 + b"<a>", "é".encode() * 5000):
        assert len(answer_sample(document)) <= KEPT_CHARACTERS and answer_sample(document).endswith("…")
    assert answer_sample(b"x" * KEPT_CHARACTERS) == "x" * KEPT_CHARACTERS


def test_hostile_characters_and_what_is_no_text() -> None:
    assert answer_sample(b"a\x1b[31m\xff\xe2\x80\xaeb") == "a\ufffd[31m\ufffd\ufffdb"
    assert answer_sample(b"<\x00R\x00") == "(4 bytes that are no text)"
    assert answer_sample(b"") == ""
