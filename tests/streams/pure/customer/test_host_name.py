"""Names and addresses as URLs write them, and what of it is looked up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.customer.host_name import canonical_host


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("bot.example", "bot.example"),
        ("Bot.Example", "Bot.Example"),
        ("bot.example.", "bot.example"),
        ("voice_bot", "voice_bot"),
        ("_sip._tcp.example", "_sip._tcp.example"),
        ("my-stack_voice-bot_1", "my-stack_voice-bot_1"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("[::1]", "::1"),
        ("[2001:DB8:0:0::1]", "2001:db8::1"),
    ],
)
def test_what_is_taken(written: str, host: str) -> None:
    assert canonical_host(written) == host


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("", "is not a host name"),
        (".", "is not a host name"),
        ("bot..example", "is not a host name"),
        ("bot.example..", "is not a host name"),
        (".bot", "is not a host name"),
        ("-bot.example", "is not a host name"),
        ("bot-.example", "is not a host name"),
        ("b\u00fccher.example", "is not a host name"),
        ("a" * 64 + ".example", "is not a host name"),
        (".".join(["a" * 60] * 5), "is not a host name"),
        ("127.1", "is not an IPv4 address"),
        ("0x7f.1", "is not an IPv4 address"),
        ("2130706433", "is not an IPv4 address"),
        ("010.0.0.1", "is not an IPv4 address"),
        ("[::1%eth0]", "is not an IPv6 address"),
        ("[127.0.0.1]", "is not an IPv6 address"),
    ],
)
def test_what_is_refused(written: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        canonical_host(written)


@given(st.text(max_size=40))
def test_what_was_taken_is_taken_as_it_is(written: str) -> None:
    try:
        host = canonical_host(written)
    except ValueError as problem:
        assert str(problem)
    else:
        assert canonical_host(f"[{host}]" if ":" in host else host) == host
