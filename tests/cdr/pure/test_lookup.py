"""What a search text may mean."""

import re
import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdr.pure.lookup import NumbersSought, host_named, numbers_begun, numbers_sought, service_host, uuid_range, whole_numbers
from streams.pure.number_key import number_key

WHOLE = "26b95870-2b2f-45be-88dc-aedd0fcccec6"


@pytest.mark.parametrize(
    "text", [WHOLE, WHOLE.upper(), WHOLE.replace("-", ""), f"  {WHOLE} ", f'"{WHOLE}"', f"StreamID: {WHOLE}", f"urn:uuid:{WHOLE}"]
)
def test_a_whole_uuid_however_it_was_copied(text) -> None:
    assert uuid_range(text) == (UUID(WHOLE), UUID(WHOLE))


@pytest.mark.parametrize("text", ["26b9", "26B95870", "26b95870-2b2f", "26b958702b2f45be"])
def test_the_beginning_of_a_uuid(text) -> None:
    found = uuid_range(text)
    assert found is not None and found.low <= UUID(WHOLE) <= found.high
    assert found.low.hex.startswith(text.replace("-", "").lower()) and found.high.hex.startswith(text.replace("-", "").lower())


@pytest.mark.parametrize("text", ["", "-", "26b", "1415555", "+14155550123", "bot.example.com", "zzzz", WHOLE + "0", "26b9 5870"])
def test_what_begins_no_uuid(text) -> None:
    assert uuid_range(text) is None


def finds(sought: NumbersSought, stored: str, country: str = "") -> bool:
    """Whether a call from `stored` is found, of an account in that country."""
    key, backwards = number_key(stored, country)
    ends = any(backwards.startswith(end) for end in sought.ends)
    return any(key.startswith(begun) for begun in sought.begins) or key in sought.whole or ends


FORMS = ("+14155550123", "14155550123", "0014155550123", "sip:+14155550123@pbx.example.com", "tel:+14155550123", "(415) 555-0123")


@pytest.mark.parametrize("ask", [numbers_begun, numbers_sought])
@pytest.mark.parametrize(
    "text",
    [
        *("+14155550123", "14155550123", "+1 415 555 0123", "+1 (415) 555-0123", "0014155550123", "011 1 415 555 0123"),
        *("+1 415 555 0123 ext. 5", "sip:+14155550123@other.example", "\u2068+1 415\u2011555\u20110123\u2069", "+1\ufe0d-415-555-0123"),
    ],
)
def test_a_whole_number_is_found_however_it_is_written_and_stored(text, ask) -> None:
    for countries, country in (([""], ""), (["US"], "US"), (["GB", "US"], "US")):
        assert not [stored for stored in FORMS if not finds(ask(text, countries), stored, country)], countries


@pytest.mark.parametrize("text", ["415-555-0123", "(415) 555 01", "415", "1415555", "+1415", "00141555"])
def test_so_is_a_beginning(text) -> None:
    assert not [stored for stored in FORMS[:-1] if not finds(numbers_sought(text, [""]), stored)]
    assert not [stored for stored in FORMS[:-1] if not finds(numbers_begun(text, ["US"]), stored, "US")]


@pytest.mark.parametrize("text", ["020 7946 1234", "(020) 7946-1234", "020 7946 1234 x5", "020 7946"])
@pytest.mark.parametrize("ask", [numbers_begun, numbers_sought])
def test_a_national_number_by_the_countries_of_the_accounts(text, ask) -> None:
    for stored in ("442079461234", "+44 20 7946 1234", "00442079461234", "020 7946 1234", "2079461234"):
        assert finds(ask(text, ["GB"]), stored, "GB") and finds(ask(text, ["DE", "GB"]), stored, "GB"), stored


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("020 7946 1234", "442079461234"),
        ("0151 12345678", "4915112345678"),
        ("0151 12345678", "015112345678"),
        ("0612345678", "+33612345678"),
    ],
)
def test_where_no_country_is_known_a_national_number_is_found_by_what_a_number_ends_with(text, stored) -> None:
    assert finds(numbers_begun(text, [""]), stored) and finds(numbers_sought(text, ["US", ""]), stored)


@pytest.mark.parametrize("stored", ["02079461234", "2079461234", "442079461234"])
def test_an_international_number_finds_what_was_kept_before_the_country_was_set(stored) -> None:
    assert finds(numbers_begun("+44 20 7946 1234", ["GB"]), stored)


@pytest.mark.parametrize("text", ["0123", "550123", "5550123", "+•••••••0123"])
def test_what_a_number_ends_with(text) -> None:
    assert finds(numbers_sought(text, ["GB"]), "+14155550123") and not finds(numbers_sought(text, ["GB"]), "+14155550124")


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        *(
            ("+1415", "+14165550123"),
            ("+4155", "+14155550123"),
            ("1415", "+4415"),
            ("+1 415 555", "+1415554"),
            ("+1 415 555 0123", "+14155550124"),
        ),
        *(
            ("sip:1001@a.example", "sip:1001@b.example"),
            ("alice@a.example", "alice@b.example"),
            ("sip:1001@a.example", "sip:10010@a.example"),
        ),
    ],
)
@pytest.mark.parametrize("countries", [[""], ["US"], ["GB", "DE"]])
def test_other_numbers_are_not_found(text, stored, countries) -> None:
    for ask in (numbers_begun, numbers_sought, whole_numbers):
        assert not finds(ask(text, countries), stored)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        *(("anonymous", "Anonymous"), ("ANON", "anonymous"), ("acmebank", "ACMEBANK"), ("ｂｏｂ", '"Bob" <sip:bob@example.com>')),
        *(
            ("bob@example.com", '"Bob" <sip:bob@example.com>'),
            ("SIP:Bob@Example", "sips:bob@example.com;user=ip"),
            ("desk@", "sip:desk@pbx"),
        ),
        *(("1001", "sip:1001@pbx.example"), ("sip:1001@pbx.example", "1001"), ("1001@pbx", "<sip:1001@pbx.example>"), ("face", "FaceBank")),
    ],
)
def test_names_addresses_and_extensions_in_any_case(text, stored) -> None:
    assert finds(numbers_begun(text, [""]), stored) and finds(numbers_sought(text, ["GB"]), stored)


@pytest.mark.parametrize("text", ["", " ", "+", '"', "\u2068", "<>"])
def test_nothing_is_not_looked_for(text) -> None:
    assert numbers_begun(text, [""]) == numbers_sought(text, [""]) == whole_numbers(text, [""]) == NumbersSought()


# For eyes that may not see numbers ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("countries", [[""], ["GB"]])
@pytest.mark.parametrize(
    ("text", "stored"),
    [
        *(
            ("+44 20 7946 1234", "442079461234"),
            ("00442079461234", "+442079461234"),
            ("020 7946 1234", "442079461234"),
            ("2079461234", "+442079461234"),
        ),
        *(
            ("+442079461234", "020 7946 1234"),
            ("1234", "+442079461234"),
            ("+••••••••1234", "442079461234"),
            ("1001", "sip:1001@pbx.example"),
        ),
        *(
            ("sip:1001@pbx.example", "sip:1001@pbx.example:5060"),
            ("alice@pbx.example", "sip:Alice@pbx.example"),
            ("anonymous", "Anonymous"),
        ),
    ],
)
def test_who_may_not_see_a_number_finds_it_whole_or_by_its_last_four_digits(text, stored, countries) -> None:
    assert finds(whole_numbers(text, countries), stored, "GB")


@pytest.mark.parametrize(
    "stored", ["+442079461234", "02079461234", "sip:442079461234@pbx.example", "sip:alice1234@pbx.example", "5551234", "61234", "Anonymous"]
)
@pytest.mark.parametrize("countries", [[""], ["GB"], ["US", "GB", ""]])
def test_and_never_narrows_it_down(stored, countries) -> None:
    """Any part of what is hidden, in any spelling, finds nothing."""
    for part in parts_of(stored):
        for text in (
            part,
            f"+{part}",
            f"00{part}",
            f"011{part}",
            f"0{part}",
            f"{part},5",
            f"tel:{part}",
            f"•{part}",
            f"<{part}",
            f"{part}@pbx",
            f"{part}@",
        ):
            assert not finds(whole_numbers(text, countries), stored, countries[0]), text


def parts_of(stored: str) -> list[str]:
    """Of the digits or letters of a number: each part that is neither the whole nor the last four, nor the whole without its country."""
    name = re.sub(r"^sip:|@.*|^\+", "", stored)
    whole = {name, name.removeprefix("44"), name.removeprefix("0"), name[-4:]}
    cuts = {name[start:end] for start in range(len(name)) for end in range(start + 1, len(name) + 1)}
    return sorted(cuts - whole)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("bot.example.com", ("bot.example.com", "")),
        (" BOT.Example.com ", ("bot.example.com", "")),
        ("bot.exam", ("bot.exam", "")),
        ("bot.example.com:8443", ("bot.example.com", "8443")),
        ("wss://bot.example.com:8443/in?a=1", ("bot.example.com", "8443")),
        ("ws://bot", ("bot", "")),
        ("localhost", ("localhost", "")),
        ("203.0.113.9", ("203.0.113.9", "")),
        ("203.0.113.9:80", ("203.0.113.9", "80")),
    ],
)
def test_a_host_with_and_without_scheme_port_and_path(text, host) -> None:
    assert service_host(text) == host


@pytest.mark.parametrize("text", ["", "alice", "alice@pbx.example.com", "sip:al", "415.555.0123", "+1.415.5", "26b95870", WHOLE, "a b.c"])
def test_what_is_no_host(text) -> None:
    assert service_host(text) is None


@given(st.text(max_size=60))
def test_any_text_can_be_looked_up(text) -> None:
    found = uuid_range(text)
    assert found is None or found.low <= found.high
    assert service_host(text) is None or service_host(text).name
    for ask in (numbers_begun, numbers_sought, whole_numbers):
        assert all(all(keys) for keys in ask(text, ["", "GB", "US"]))


# A host, and nothing else -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("bot", ("bot", "")),
        (" BOT.Example.com. ", ("bot.example.com", "")),
        ("wss://bot.example.com:8443/in?a=b#c", ("bot.example.com", "8443")),
        ("https://hooks.example.com", ("hooks.example.com", "")),
        ("[2001:DB8:0:0::1]:8443", ("2001:db8::1", "8443")),
        ("2001:db8:0::1", ("2001:db8::1", "")),
        ("wss://[::1]/x", ("::1", "")),
        ("bücher.example", ("xn--bcher-kva.example", "")),
        ("bot.example.com:port", ("bot.example.com", "")),
        ("bot.example.com:123456", ("bot.example.com", "")),
        ("", ("", "")),
    ],
)
def test_a_host_however_it_is_written(text, host) -> None:
    assert host_named(text) == host


@pytest.mark.parametrize(
    ("text", "host"), [("bücher.example", "xn--bcher-kva.example"), ("[2001:DB8::1]", "2001:db8::1"), ("bot.example.", "bot.example")]
)
def test_a_search_knows_a_host_of_another_script_and_an_address(text, host) -> None:
    found = service_host(text)
    assert found is not None and found.name == host


@given(st.text(max_size=300))
def test_whatever_is_typed_for_a_host(text) -> None:
    found = host_named(text)
    assert found.port == "" or 0 <= int(found.port) < 100_000
    assert found.name == found.name.lower()


@pytest.mark.parametrize("text", [":" * 8000 + "/\n\n", "a." * 4000, "[" * 8000, "ü" * 8000, "://" * 3000])
def test_a_host_that_somebody_made_long_is_read_at_once(text) -> None:
    began = time.perf_counter()
    host_named(text), service_host(text)
    assert time.perf_counter() - began < 5
