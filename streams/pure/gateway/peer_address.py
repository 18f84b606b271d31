"""The address that a request came from, with a proxy in front or without: the one rule for HTTP and WebSockets.

Must not know requests or scopes, nor whether a proxy is trusted: who asks has decided that."""

from ipaddress import ip_address


def peer_address(peer: str, forwarded: str | None) -> str | None:
    """The peer's own address; behind a trusted proxy, whose X-Forwarded-For `forwarded` is, the one that the proxy itself wrote: the
    last of the list. None for what is no IP address."""
    nearest = peer if forwarded is None else forwarded.rpartition(",")[2]
    try:
        return str(ip_address(nearest.strip()))
    except ValueError:
        return None
