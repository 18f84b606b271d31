"""Which hosts a URL may name, in one grammar for where a URL is accepted and where it is dialled.

Owns the spelling of names and addresses. Must not know which addresses may be dialled, nor look a name up."""

import re
from ipaddress import IPv4Address, IPv6Address

NAME_CHARACTERS = 253
# With '_', as services of Docker Compose have it, although no host of the internet may (RFC 952).
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)


def canonical_host(written: str) -> str:
    """The host of a URL as it is looked up: without the brackets of an IPv6 address and without the final dot of an absolute name. Only one
    spelling of an IPv4 address is taken, because resolvers read 0x7f.1 or 127.1 as one as well. Raises ValueError with a sentence."""
    if written.startswith("["):
        try:
            return str(IPv6Address(written[1:-1] if "%" not in written else ""))
        except ValueError:
            raise ValueError(f"{written} is not an IPv6 address. Write it as in [2001:db8::1], without a zone.") from None
    host = written.removesuffix(".")
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _ipv4(host)
    if len(host) > NAME_CHARACTERS or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{written[:80]} is not a host name: letters, digits, hyphens and underscores in parts joined by single dots.")
    return host


def folded_host(written: str) -> str:
    """One form for a host, however it is spelled: in small letters, a name of other scripts in punycode, without final dot and brackets.
    What cannot be a host is only folded, so that nothing is lost."""
    bare = written.strip().removeprefix("[").removesuffix("]")
    try:
        return canonical_host(f"[{bare}]" if ":" in bare else _in_ascii(bare)).lower()
    except ValueError:
        return bare.lower().removesuffix(".")


def _in_ascii(name: str) -> str:
    return name if name.isascii() else name[:NAME_CHARACTERS].encode("idna").decode()


def _ipv4(host: str) -> str:
    try:
        return str(IPv4Address(host))
    except ValueError:
        raise ValueError(f"{host[:80]} is not an IPv4 address in its usual form of four decimal numbers.") from None
