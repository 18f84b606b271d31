"""Where a request came from, with a proxy in front or without."""

import pytest

from streams.pure.gateway.peer_address import peer_address


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("10.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", "203.0.113.9, 192.0.2.1 ", "192.0.2.1"),
        ("2001:DB8::1", None, "2001:db8::1"),
        ("10.0.0.1", "", None),
        ("10.0.0.1", "nobody", None),
        ("", None, None),
    ],
)
def test_only_what_the_nearest_wrote_is_believed(peer: str, forwarded: str | None, found: str | None) -> None:
    assert peer_address(peer, forwarded) == found
