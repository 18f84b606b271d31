"""Where a request came from, with proxies in front or without, and how addresses are counted."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.peer_address import counted_as, counted_words, forwarded_for, is_trusted, peer_address

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1:5060 ", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]:5060", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", None),
        ("nobody", None),
        ("192.0.2.1, 10.0.0.1", None),
    ],
)
def test_an_address_has_one_form(text: str, found: str | None) -> None:
    assert peer_address(text) == found


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("203.0.113.9, 192.0.2.1 ", "192.0.2.1"),
        ("203.0.113.9, 192.0.2.1, 10.0.0.7,fd00::2", "192.0.2.1"),
        ("192.0.2.1, ::ffff:10.0.0.7", "192.0.2.1"),
        # Nobody but our own proxies: the first of them asked by itself.
        ("10.0.0.9, 10.0.0.7", "10.0.0.9"),
        # What a proxy could not say, or somebody wrote to hide behind.
        ("", "10.0.0.1"),
        ("192.0.2.1, unknown", "10.0.0.1"),
        ("192.0.2.1, _hidden, 10.0.0.7", "10.0.0.7"),
        (",,,,", "10.0.0.1"),
    ],
)
def test_what_our_own_proxies_wrote_is_believed_and_nothing_left_of_it(header: str, found: str) -> None:
    assert forwarded_for("10.0.0.1", header, PROXIES) == found


@given(claimed=st.text(), truly=st.ip_addresses(v=4, network="192.0.2.0/24"))
def test_nothing_that_a_stranger_claims_changes_who_he_is(claimed: str, truly: object) -> None:
    assert forwarded_for("10.0.0.1", f"{claimed}, {truly}, 10.3.3.3", PROXIES) == str(truly)


@pytest.mark.parametrize(
    ("peer", "trusted"), [("10.1.2.3", True), ("::ffff:10.1.2.3", True), ("fd00::7", True), ("192.0.2.1", False), ("", False)]
)
def test_a_proxy_is_who_stands_in_a_named_network(peer: str, trusted: bool) -> None:
    assert is_trusted(peer, PROXIES) is trusted


@pytest.mark.parametrize(
    ("address", "counted", "words"),
    [
        ("198.51.100.4", "198.51.100.4", "198.51.100.4"),
        ("::ffff:198.51.100.4", "198.51.100.4", "198.51.100.4"),
        ("2001:db8:0:7:1:2:3:4", "2001:db8:0:7::", "2001:db8:0:7::/64"),
        ("2001:db8:0:7::", "2001:db8:0:7::", "2001:db8:0:7::/64"),
        (None, None, "unknown"),
    ],
)
def test_addresses_are_counted_by_who_holds_them(address: str | None, counted: str | None, words: str) -> None:
    assert (counted_as(address), counted_words(counted)) == (counted, words)
