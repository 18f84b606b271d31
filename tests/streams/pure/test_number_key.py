"""One key for a number, a name or an address, however a gateway wrote it or a page had it."""

import unicodedata
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.number_key import LONGEST_KEY, MOST_DIGITS, international, number_key, visible

LONDON = "+442079460123"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "+442079460123",
            "442079460123",
            "00442079460123",
            "011442079460123",
            "+44 (0)20 7946 0123",
            "+44 020 7946 0123",
            "0044 (0)20 7946 0123",
        ),
        *("+44.20.7946.0123", "+44-20/7946 0123", "(+44) 20 7946 0123", "+4420 7946 0123.", "'+442079460123", '"+442079460123"'),
        *("\u2068+44 20 7946 0123\u2069", "\u202a+442079460123\u202c", "\ufeff+442079460123", "+44\u200b2079460123", "+44\u00ad2079460123"),
        *("+44\xa020\u202f7946\u20030123", "+44‑20–7946—0123", "+44−20−79460123", "+44\ufe0d 20 7946 0123", "\ufffd+442079460123\ufffd"),
        *("＋４４２０７９４６０１２３", "٠٠٤٤٢٠٧٩٤٦٠١٢٣", "+४४ २० ७९४६ ०१२३", "📞 +44 20 7946 0123", "+4️⃣4️⃣2079460123"),
        *("sip:+442079460123@pbx.example.com", "SIPS:+442079460123@pbx.example.com:5061;transport=tls", "sip:442079460123:secret@pbx"),
        *("sip:+442079460123;npdi=yes;rn=+44@pbx;user=phone?subject=x", "sip:%2B442079460123@pbx", "sip:%2b44%2020%207946%200123@pbx"),
        *(
            "tel:+44-20-7946-0123",
            "TEL: +442079460123",
            "tel://+442079460123",
            "tel:+442079460123;ext=5",
            "tel:79460123;phone-context=+4420",
        ),
        *(
            '"Bob" <sip:+442079460123@pbx>',
            "Bob <+442079460123>",
            '"<Bob>" <tel:+442079460123>;tag=1',
            "<sip:+442079460123@pbx",
            "Tel.: +44 20 7946 0123",
        ),
        *(
            "+44 20 7946 0123 ext. 5",
            "+442079460123 EXT 5",
            "+442079460123x5",
            "+442079460123,5",
            "+442079460123,,5#",
            "+442079460123;5",
            "+442079460123 #5",
        ),
        *(
            "+44 20 7946 0123 (ext. 5)",
            "+44-20-7946-0123-ext-5",
            "9,+442079460123",
            "0,00442079460123",
            "Bob +44 20 7946 0123",
            "+442079460123 (Bob)",
        ),
    ],
)
def test_a_number_with_its_country_has_one_key_in_any_spelling(text) -> None:
    for country in ("", "GB", "DE", "US"):
        assert number_key(text, country) == (LONDON, "321064970244"), country


@pytest.mark.parametrize(
    ("text", "country", "key"),
    [
        ("020 7946 0123", "GB", LONDON),
        ("(020) 7946 0123", "GB", LONDON),
        ("020 7946 0123 x5", "GB", LONDON),
        ("sip:02079460123@pbx.example.com", "GB", LONDON),
        ("0151 12345678", "DE", "+4915112345678"),
        ("15112345678", "DE", "+4915112345678"),
        ("4915112345678", "DE", "+4915112345678"),
        ("442079460123", "DE", LONDON),
        ("4535123456", "DE", "+4535123456"),
        ("415-555-0123", "US", "+14155550123"),
        ("1 415 555 0123", "US", "+14155550123"),
        ("4535123456", "US", "+4535123456"),
        ("0612345678", "IT", "+390612345678"),
        ("612 34 56 78", "ES", "+34612345678"),
        ("8 (495) 123-45-67", "RU", "+74951234567"),
        ("06 1 234 5678", "HU", "+3612345678"),
        ("0011 44 20 7946 0123", "AU", LONDON),
        ("0044 20 7946 0123", "AU", LONDON),
        ("0114 496 0123", "GB", "+441144960123"),
        ("+0151 12345678", "DE", "+4915112345678"),
    ],
)
def test_a_national_number_is_read_by_the_accounts_country(text, country, key) -> None:
    assert number_key(text, country).key == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("020 7946 0123", "02079460123"),
        ("0114 496 0123", "01144960123"),
        ("415-555-0123", "4155550123"),
        ("1001", "1001"),
        ("sip:1001@PBX.example.com:5060;transport=udp", "1001@pbx.example.com"),
        ("sip:1001@[2001:DB8::1]:5060", "1001@[2001:db8::1]"),
        ("sip:1001", "1001"),
    ],
)
def test_where_no_country_is_known_the_digits_stay(text, key) -> None:
    assert number_key(text, "").key == key and number_key(text, "").reversed == key.partition("@")[0][::-1]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Anonymous", "anonymous"),
        ("ACMEBANK", "acmebank"),
        ("ＡＣＭＥＢＡＮＫ", "acmebank"),
        ("ACME\u200bBANK", "acmebank"),
        ("  Acme   Bank ", "acme bank"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("e\u0301cole", "école"),
        ("sip:Alice@PBX.example.com.:5060", "alice@pbx.example.com"),
        ("sip:%61lice@pbx.example.com", "alice@pbx.example.com"),
        ('"Bob" <sip:bob@example.com>', "bob@example.com"),
        ("sips:bob@example.com;user=ip", "bob@example.com"),
        ("sip:pbx.example.com:5060", "pbx.example.com"),
        ("*98", "*98"),
        ("1-800-FLOWERS", "1-800-flowers"),
        ("0" * 21, "0" * 21),
    ],
)
def test_a_name_or_an_address_is_folded_and_has_no_digits_to_end_with(text, key) -> None:
    assert number_key(text, "GB") == (key, "")


@pytest.mark.parametrize(
    "text", ["", " ", "+", "++", '"', "<>", "sip:", "\u2068\u2069", "\ufffd", "+•••••••••23", "sip:•••@pbx.example.com", "•••"]
)
def test_what_says_nothing_or_was_taken_out_has_no_key(text) -> None:
    assert number_key(text, "GB") == ("", "")


def test_numbers_that_differ_have_keys_that_differ() -> None:
    numbers = [
        "+14155550123",
        "+14155550124",
        "+4155550123",
        "4155550123",
        "0014155550125",
        "sip:1001@a.example",
        "sip:1001@b.example",
        "1001",
        "100",
    ]
    assert len({number_key(number, "").key for number in numbers}) == len(numbers)


@given(st.text(max_size=120), st.sampled_from(["", "GB", "US", "DE", "IT", "AU"]))
def test_any_text_has_a_key_that_fits_its_column_and_that_can_be_visible(text, country) -> None:
    key, backwards = number_key(text, country)
    assert len(key) <= LONGEST_KEY and len(backwards) <= MOST_DIGITS and (backwards == "" or backwards.isdecimal())
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in key)


@given(st.integers(10**7, 10**14), st.sampled_from(["+", "00", ""]))
def test_a_number_that_is_known_is_known_by_its_key_as_well(number, before) -> None:
    if known := international(f"{before}{number}", ""):
        assert number_key(known, "US").key == known


@given(st.text(max_size=60))
def test_what_is_plain_stays_so(text) -> None:
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize(
    "text", ["1,", "1;", "<", "1<", "ext", "1#", "(0)", "1(0)", "+1 ", "%25", "\ufdfa", "[", ":1", "1) ", "1,;pw#*", "1x-", "@"]
)
def test_no_text_takes_long(text) -> None:
    """Each is read when a call is written, and many times for one search."""
    for hostile in (text * 10_000, text * 60 + "!", f"1{text * 60}z", text * 30 + "@" + text * 30):
        before = process_time()
        number_key(hostile, "DE")
        assert process_time() - before < 1.0
