"""Which addresses we may dial: a URL is read once, strictly; its name is resolved once; every address it has is judged.

Owns the deny list and the wording of a refusal. Must not know what is asked of the address, nor dial it itself."""

import re
import socket
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from threading import Thread
from typing import NamedTuple

from streams.pure.customer.host_name import canonical_host
from streams.pure.customer.service_url import DEFAULT_PORTS

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Sequence[str]]
"""(host, port) -> addresses, the preferred one first; raises Unresolvable."""

SECURE_SCHEMES = ("https", "wss")

_ADDRESSABLE = re.compile(r"[!-\[\]-~]*", re.ASCII)  # printable ASCII without blank and backslash
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?(?:#.*)?")
_AUTHORITY = re.compile(r"(?P<host>\[[^\[\]]*\]|[^\[\]:]+)(?::(?P<port>[1-9][0-9]{0,4}))?")
_USERINFO = re.compile(r"//[^/?#]*@")

# `ipaddress.is_global` alone is no guard: on Python 3.11 it is true for multicast and for most addresses that carry an IPv4
# address inside. So everything that is not the public internet is named here, and `is_global` is asked as well.
_DENIED: dict[str, tuple[Network, ...]] = {
    reason: tuple(ip_network(network) for network in networks.split())
    for reason, networks in {
        "this machine": "127.0.0.0/8 ::1/128",
        "an unspecified address": "0.0.0.0/8 ::/128",
        "a private network": "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7 fec0::/10",
        "a carrier's inner network": "100.64.0.0/10",
        "link-local, where clouds keep their metadata": "169.254.0.0/16 fe80::/10",
        "a cloud's inner service": "168.63.129.16/32",  # Azure's host: a public address that only its own machines reach
        "multicast": "224.0.0.0/4 ff00::/8",
        "broadcast or reserved": "240.0.0.0/4 100::/64 5f00::/16",
        "reserved for protocols": "192.0.0.0/24 192.88.99.0/24 2001::/23",
        "reserved for tests and documents": "192.0.2.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 2001:db8::/32 3fff::/20",
        "an IPv4 address in disguise": "::/96 64:ff9b:1::/48 2002::/16",
    }.items()
}
_NAT64 = IPv6Network("64:ff9b::/96")


class AddressRefused(Exception):
    """We may not dial this URL, now or later: it is malformed, or leads to an address that is denied. Never retried."""


class Unresolvable(Exception):
    """The host's name has no address at the moment."""


class Destination(NamedTuple):
    """Where a URL leads: `target` is path and query; `addresses` are judged and in the order to try them."""

    scheme: str
    host: str
    port: int
    target: str
    addresses: tuple[str, ...]
    tls: bool

    @property
    def authority(self) -> str:
        """What the Host header says: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS.get(self.scheme) else f"{host}:{self.port}"


def resolved(host: str, port: int) -> tuple[str, ...]:
    """The system's answer, which may take as long as the system's name servers take; raises Unresolvable."""
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unresolvable(
            f"The name {host} has no address ({getattr(error, 'strerror', None) or error}). Check the host in the URL."
        ) from error
    return tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))


def resolved_within(seconds: float, resolve: Resolver = resolved) -> Resolver:
    """`resolve` with a time limit. The look-up goes on in a thread of its own, because nothing can interrupt getaddrinfo."""

    def limited(host: str, port: int) -> Sequence[str]:
        answer: Future[Sequence[str]] = Future()
        Thread(target=_answer, args=(answer, resolve, host, port), name="resolve", daemon=True).start()
        try:
            return answer.result(max(seconds, 0))
        except TimeoutError:
            raise Unresolvable(f"The name servers did not say within {seconds:.3g} s which address {host} has.") from None

    return limited


def destination(url: str, allow: Collection[Network], schemes: Collection[str], resolve: Resolver = resolved) -> Destination:
    """Where `url` leads, its addresses judged. Blocks while the name is looked up: an event loop calls it in a thread.

    Raises Refused when the URL is not canonical or any address of its host is denied and in no network of `allow`;
    raises Unresolvable when the host has no address."""
    place = read_url(url, schemes)
    literal = _literal(place.host)
    found = (str(literal),) if literal else tuple(resolve(place.host, place.port))
    if not found:
        raise Unresolvable(f"The name {place.host} has no address. Check the host in the URL.")
    for text in found:
        _judge(text, place.host, allow)
    return place._replace(addresses=found)


def read_url(url: str, schemes: Collection[str]) -> Destination:
    """The pieces of `url`, read strictly and without looking anything up (`addresses` is empty); raises Refused."""
    stray = _ADDRESSABLE.match(url)
    if stray is None or stray.end() != len(url):
        odd = url[stray.end() if stray else 0]
        raise AddressRefused(
            f"The URL contains the character U+{ord(odd):04X}, which must be written percent-encoded (a host: in its xn-- form)."
        )
    parts = _URL.fullmatch(url)
    wanted = " or ".join(f"{scheme}://" for scheme in schemes)
    if parts is None or parts["scheme"].lower() not in schemes:
        raise AddressRefused(f"The URL must begin with {wanted} and name a host.")
    scheme = parts["scheme"].lower()
    host, port = _host_and_port(parts["authority"], scheme)
    target = (parts["path"] or "/") + (parts["query"] or "")
    return Destination(scheme, host, port, target, (), scheme in SECURE_SCHEMES)


def without_userinfo(url: str) -> str:
    """`url` fit to be shown: a user name and password in it are replaced by ***."""
    return _USERINFO.sub("//***@", url, count=1)


def denial(address: Address) -> str:
    """What kind of address this is if it may not be dialled ('a private network'); '' for the public internet."""
    inner = _carried(address)
    if inner is not None:
        return denial(inner)
    for reason, networks in _DENIED.items():
        if any(address in network for network in networks):
            return reason
    return "" if address.is_global else "not a public address"


def _host_and_port(authority: str, scheme: str) -> tuple[str, int]:
    if "@" in authority:
        raise AddressRefused("The URL carries a user name or password before its host. Leave it out: requests are signed instead.")
    parts = _AUTHORITY.fullmatch(authority)
    port = int(parts["port"] or DEFAULT_PORTS[scheme]) if parts else 0
    if parts is None or port > 65_535:
        raise AddressRefused("The URL's host and port cannot be read. Write host or host:port, with a port from 1 to 65535.")
    try:
        return canonical_host(parts["host"]), port
    except ValueError as problem:
        raise AddressRefused(str(problem)) from None


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _judge(text: str, host: str, allow: Collection[Network]) -> None:
    address = ip_address(text)
    mapped = getattr(address, "ipv4_mapped", None)
    if any(address in network or (mapped is not None and mapped in network) for network in allow):
        return
    reason = denial(address)
    if reason:
        name = text if text == host else f"{host} leads to {text}, which"
        raise AddressRefused(f"{name} may not be dialled: {reason}. The operator can open networks with DIAL_ALLOW.")


def _carried(address: Address) -> IPv4Address | None:
    """The IPv4 address inside an IPv4-mapped or NAT64 address: that is the machine which would be reached."""
    if isinstance(address, IPv4Address):
        return None
    return IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else address.ipv4_mapped


def _answer(answer: "Future[Sequence[str]]", resolve: Resolver, host: str, port: int) -> None:
    try:
        answer.set_result(resolve(host, port))
    except Exception as error:  # handed on to whoever waits, if anybody still does
        answer.set_exception(error)
