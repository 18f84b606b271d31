"""X-Twilio-Signature: made as Twilio's own validator makes it, and what does not fit is refused."""

import pytest

from streams.pure.gateway.twilio_signature import signature, signed_with

TOKEN, HOST, PATH = "12345", "calls.example.org", "/gateway/twilio/main/"


def test_against_a_value_made_with_openssl():
    # printf 'wss://calls.example.org/gateway/twilio/main/' | openssl dgst -sha1 -hmac 12345 -binary | base64
    assert signature(TOKEN, f"wss://{HOST}{PATH}") == "Y9pwBjupLv5uWsBx7kbw6O5hIWY="


@pytest.mark.parametrize(
    "url",
    [
        "wss://calls.example.org/gateway/twilio/main/",
        "https://calls.example.org/gateway/twilio/main/",
        "wss://calls.example.org/gateway/twilio/main",
        "https://calls.example.org:443/gateway/twilio/main/",
    ],
)
def test_the_forms_a_url_is_signed_in(url):
    assert signed_with(TOKEN, signature(TOKEN, url), HOST, PATH)
    assert signed_with(TOKEN, signature(TOKEN, url), f"{HOST}:443", PATH.rstrip("/"))


@pytest.mark.parametrize(
    ("token", "url"),
    [
        ("54321", "wss://calls.example.org/gateway/twilio/main/"),
        (TOKEN, "wss://calls.example.org/gateway/twilio/other/"),
        (TOKEN, "wss://evil.example.org/gateway/twilio/main/"),
        (TOKEN, "wss://calls.example.org:8443/gateway/twilio/main/"),
        (TOKEN, "wss://calls.example.org/gateway/twilio/main/?call_uuid=1"),
    ],
)
def test_another_token_or_another_url(token, url):
    assert not signed_with(TOKEN, signature(token, url), HOST, PATH)


def test_the_query_is_signed_too():
    url = f"wss://{HOST}{PATH}?a=1&b=2"
    assert signed_with(TOKEN, signature(TOKEN, url), HOST, f"{PATH}?a=1&b=2")
    assert not signed_with(TOKEN, signature(TOKEN, url), HOST, f"{PATH}?a=1&b=3")


@pytest.mark.parametrize("given", ["", "ü", "AAAA", "\x00"])
def test_nonsense_is_no_signature(given):
    assert not signed_with(TOKEN, given, HOST, PATH)


def test_without_a_token_nothing_fits():
    assert not signed_with("", signature("", f"wss://{HOST}{PATH}"), HOST, PATH)
