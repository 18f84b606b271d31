"""The form of the URLs that customers name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.customer.service_url import HTTP_SCHEMES, WEBSOCKET_SCHEMES, host_of, url_problem


@pytest.mark.parametrize(
    "url",
    [
        "wss://s.example/audio",
        "ws://13.127.140.35:19088/ws",
        "WSS://S.Example",
        "ws://localhost",
        "ws://[2001:db8::1]:8080/a",
        "ws://[::1]",
        "ws://voice_bot:8765/",
        "ws://bot.example./",
        "wss://s.example/?CallUUID=1&From=%2B1800&body=eyJhIjoxfQ==",
        "wss://s_1.example:65535/a;b=c/~d",
        "wss://s.example/" + "x" * 2032,
    ],
)
def test_websocket_urls(url):
    assert url_problem(url, WEBSOCKET_SCHEMES) == ""


@pytest.mark.parametrize("url", ["https://c.example/cb", "http://127.0.0.1:8765/status?a=1", "https://c.example/cb#ct=2000&rt=5000"])
def test_http_urls(url):
    assert url_problem(url, HTTP_SCHEMES) == ""


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://s.example/audio", "begin with ws:// or wss://"),
        ("s.example/audio", "begin with ws:// or wss://"),
        ("wss:s.example", "begin with ws:// or wss://"),
        ("wss://bot..example", "has a host that cannot be dialled: bot..example is not a host name"),
        ("wss://127.1/", "has a host that cannot be dialled: 127.1 is not an IPv4 address"),
        ("wss://", "begin with ws:// or wss:// and a host"),
        ("wss:///path", "and a host"),
        ("javascript:alert(1)", "begin with ws:// or wss://"),
        ("wss://user:secret@s.example/", "user name or a password"),
        ("wss://user@s.example/", "user name or a password"),
        ("wss://s.example:0/", "from 1 to 65535"),
        ("wss://s.example:65536/", "from 1 to 65535"),
        ("wss://s.example:abc/", "from 1 to 65535"),
        ("wss://s.example:/", "from 1 to 65535"),
        ("wss://:8080/", "no host name"),
        ("wss://[::1/", "cannot be read as a URL"),
        ("wss://[::1]]/", "host"),
        ("wss://a:b:80/", "host"),
        ("wss://s.exa<mple/", "no host name"),
        ("wss://s%2eexample/", "no host name"),
        ("wss://s.example/a b", "percent-encoded"),
        ("wss://s.example/a\\b", "percent-encoded"),
        ("wss://s.example/\r\nHost: x", "percent-encoded"),
        ("wss://s.example/\x00", "percent-encoded"),
        ("wss://bücher.example/", "punycode"),
        ("wss://s.example/\ud800", "ASCII"),
        ("wss://s.example/a#b", "fragment"),
        ("wss://s.example/" + "x" * 2033, "at most 2048"),
    ],
)
def test_what_is_wrong_is_said(url, words):
    assert words in url_problem(url, WEBSOCKET_SCHEMES)


@pytest.mark.parametrize("url", ["ws://s.example", "ftp://s.example/", "mailto:a@b.example", "//s.example/"])
def test_a_callback_goes_to_http(url):
    assert "begin with http:// or https://" in url_problem(url, HTTP_SCHEMES)


@given(st.text() | st.text().map("wss://".__add__) | st.from_regex(r"wss?://[\[\]a-f0-9:.@%]{0,20}(:[0-9]{0,7})?/.*"))
def test_no_text_raises(url):
    url_problem(url, WEBSOCKET_SCHEMES)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("wss://Bot.Example.com:8443/in", "bot.example.com"),
        ("ws://[2001:db8::1]:8080/a", "2001:db8::1"),
        ("wss://" + "a" * 300, "a" * 255),
        ("no url", ""),
        ("wss://[", ""),
    ],
)
def test_the_host_a_url_names(url, host):
    assert host_of(url) == host
