"""The address that a request came from, with proxies in front or without, and how addresses are counted: the one rule for HTTP and
WebSockets.

Must not know requests or scopes, nor which proxies there are: who asks says that."""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

HOST_BITS = 64
"""An IPv6 network of this size belongs to one customer, who may use each of its addresses."""
MOST_HOPS = 20
"""Entries of X-Forwarded-For that are looked at: no installation has a longer chain, and a stranger may write what he likes."""

Address = IPv4Address | IPv6Address
Networks = Collection[IPv4Network | IPv6Network]


def peer_address(text: str) -> str | None:
    """The address as it is written down and compared: IPv4 also where it came inside IPv6, no port and no zone. None: it is none."""
    found = _address(text)
    return None if found is None else str(found)


def is_trusted(peer: str, proxies: Networks) -> bool:
    found = _address(peer)
    return found is not None and any(found in network for network in proxies)


def forwarded_for(peer: str, header: str, proxies: Networks) -> str | None:
    """Who sent what the proxy `peer` passed on: X-Forwarded-For is read from the right, where our own proxies wrote, as far as they
    wrote; what stands left of that was written by who knows whom. Without anything readable it is the last proxy that is known."""
    nearest = peer_address(peer)
    for entry in header.split(",")[: -MOST_HOPS - 1 : -1]:
        found = peer_address(entry)
        if found is None:
            return nearest
        nearest = found
        if not is_trusted(found, proxies):
            return nearest
    return nearest


def counted_as(address: str | None) -> str | None:
    """The address under which somebody is counted: of IPv6 the first address of its network."""
    if address is None:
        return None
    found = _address(address)
    if isinstance(found, IPv6Address):
        return str(ip_network((found, 128 - HOST_BITS), strict=False).network_address)
    return None if found is None else str(found)


def counted_words(address: str | None) -> str:
    """`198.51.100.4`, `2001:db8:0:7::/64`, as an administrator reads it."""
    if address is None:
        return "unknown"
    return f"{counted_as(address)}/{HOST_BITS}" if ":" in address else address


def _address(text: str) -> Address | None:
    """Also of `192.0.2.1:5060` and `[2001:db8::1]:5060`, as some proxies write it."""
    word = text.strip().partition("%")[0]
    if word.startswith("["):
        word = word[1:].partition("]")[0]
    elif word.count(":") == 1:
        word = word.partition(":")[0]
    try:
        found = ip_address(word)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
