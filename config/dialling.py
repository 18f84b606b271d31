"""The settings of what may be dialled, and what they come to.

Owns their names and defaults. What they mean is the guard's."""

from ipaddress import IPv6Network

from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment
from streams.guard import NAT64_LENGTHS, Reach

LOOPBACK = "127.0.0.0/8 ::1/128"


def reach(env: Environment, *, embedded: bool) -> Reach:
    return Reach(env.networks("DIAL_ALLOW", LOOPBACK if embedded else ""), _nat64(env), _ports(env))


def _ports(env: Environment) -> tuple[range, ...]:
    return tuple(_range(word) for word in env.words("DIAL_PORTS", "80 443 1024-65535"))


def _range(word: str) -> range:
    first, dash, last = word.partition("-")
    if first.isdecimal() and (last.isdecimal() if dash else not last):
        ports = range(int(first), int(last or first) + 1)
        if ports and ports.start > 0 and ports.stop <= 65_536:
            return ports
    raise ImproperlyConfigured(f"DIAL_PORTS has {word!r}. Write ports and ranges of them, from 1 to 65535, such as 80 443 1024-65535.")


def _nat64(env: Environment) -> tuple[IPv6Network, ...]:
    prefixes = env.networks("NAT64_PREFIXES")
    for prefix in prefixes:
        if not isinstance(prefix, IPv6Network) or prefix.prefixlen not in NAT64_LENGTHS:
            lengths = ", ".join(f"/{length}" for length in NAT64_LENGTHS)
            raise ImproperlyConfigured(f"NAT64_PREFIXES has {prefix}. A NAT64 prefix is an IPv6 network of one of {lengths}.")
    return tuple(prefix for prefix in prefixes if isinstance(prefix, IPv6Network))
