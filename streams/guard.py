"""Which addresses we may dial: a URL is read once, strictly; its name is resolved once; every address it has is judged.

Owns the deny list and the wording of a refusal. Must not know what is asked of the address, nor look up a name or dial itself."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
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
        "an IPv4 address in disguise": "::/96 ::ffff:0:0:0/96 64:ff9b:1::/48 2002::/16 2001::/32",
        "reserved for protocols": "192.0.0.0/24 192.88.99.0/24 2001::/23",
        "reserved for tests and documents": "192.0.2.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 2001:db8::/32 3fff::/20",
    }.items()
}
_PUBLIC_IPV6 = IPv6Network("2000::/3")
"""What was given out of IPv6 so far (IANA); what is not named above may be somebody's own."""
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)
"""What stands before the IPv4 address in the last 64 bits of an ISATAP address (RFC 5214)."""
NAT64_LENGTHS = (32, 40, 48, 56, 64, 96)
"""Those of RFC 6052."""
PORTS = (range(80, 81), range(443, 444), range(1024, 65_536))
"""Below 1024 live mail servers, resolvers, remote shells: nothing that speaks HTTP to strangers but on these two."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What the operator of an installation has set: `networks` may be dialled although they are private; `nat64` are prefixes of the
    network's own translation to IPv4; `ports` may be dialled, and no others."""

    networks: tuple[Network, ...] = ()
    nat64: tuple[IPv6Network, ...] = ()
    ports: tuple[range, ...] = PORTS

    @property
    def port_words(self) -> str:
        """'80, 443 and 1024 to 65535'."""
        words = [str(ports.start) if len(ports) == 1 else f"{ports.start} to {ports.stop - 1}" for ports in self.ports]
        return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


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


def destination(url: str, reach: Reach, schemes: Collection[str], resolve: Resolver) -> Destination:
    """Where `url` leads, its addresses judged. Blocks while the name is looked up.

    Raises AddressRefused when the URL is not canonical or any address of its host may not be dialled; raises what `resolve` raises."""
    place = destination_in(url, reach, schemes)
    return place if place.addresses else judged(place, resolve(place.host, place.port), reach)


def destination_in(url: str, reach: Reach, schemes: Collection[str]) -> Destination:
    """Where `url` leads as far as that stands in it: with its address where the host is one, judged; without where it is a name that is
    still to be looked up. Raises AddressRefused."""
    place = read_url(url, schemes)
    if not any(place.port in ports for ports in reach.ports):
        raise AddressRefused(
            f"Port {place.port} may not be dialled, only {reach.port_words}. Let the service listen on one of those; "
            "the operator can open others with DIAL_PORTS."
        )
    literal = _literal(place.host)
    return judged(place, (str(literal),), reach) if literal else place


def undiallable(url: str, reach: Reach, schemes: Collection[str]) -> str:
    """Why `url` will not be dialled whatever its name leads to, in sentences; "" where that is not to be seen in it."""
    try:
        destination_in(url, reach, schemes)
    except AddressRefused as refused:
        return str(refused)
    return ""


def judged(place: Destination, found: Sequence[str], reach: Reach) -> Destination:
    """`place` with the addresses that its name has: these were judged, and no others are dialled.

    Raises AddressRefused, Unresolvable."""
    if not found:
        raise Unresolvable(f"The name {place.host} has no address. Check the host in the URL.")
    for text in found:
        _judge(text, place.host, reach)
    return place._replace(addresses=tuple(found))


def read_url(url: str, schemes: Collection[str]) -> Destination:
    """The pieces of `url`, read strictly and without looking anything up (`addresses` is empty); raises AddressRefused."""
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


def denial(address: Address, nat64: Collection[IPv6Network] = ()) -> str:
    """What kind of address this is if it may not be dialled ('a private network'); '' for the public internet. An address that carries
    an IPv4 address is as that is: it is the machine which would be reached."""
    inner, on_its_own = _carried(address, nat64)
    if inner is not None and (refused := denial(inner)):
        return refused
    if inner is not None and not on_its_own:
        return ""
    for reason, networks in _DENIED.items():
        if any(address in network for network in networks):
            return reason
    if isinstance(address, IPv6Address) and address not in _PUBLIC_IPV6:
        return "not a public address"
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


def _judge(text: str, host: str, reach: Reach) -> None:
    address = ip_address(text)
    mapped = getattr(address, "ipv4_mapped", None)
    if any(address in network or (mapped is not None and mapped in network) for network in reach.networks):
        return
    reason = denial(address, reach.nat64)
    if reason:
        name = text if text == host else f"{host} leads to {text}, which"
        raise AddressRefused(f"{name} may not be dialled: {reason}. The operator can open networks with DIAL_ALLOW.")


def _carried(address: Address, nat64: Collection[IPv6Network]) -> tuple[IPv4Address | None, bool]:
    """The IPv4 address inside, None where there is none; and whether the address around it has to be public as well (ISATAP has a prefix
    of somebody's own)."""
    if isinstance(address, IPv4Address):
        return None, True
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped, False
    for prefix in (_NAT64, *nat64):
        if address in prefix:
            return _translated(address, prefix.prefixlen), False
    if int(address) >> 32 & 0xFFFF_FFFF in _ISATAP:
        return IPv4Address(int(address) & 0xFFFF_FFFF), True
    return None, True


def _translated(address: IPv6Address, prefix_length: int) -> IPv4Address:
    """RFC 6052: the four bytes behind the prefix, without the ninth byte of the address."""
    packed = address.packed
    start = prefix_length // 8
    return IPv4Address(packed[12:] if start == 12 else (packed[start:8] + packed[9:])[:4])
