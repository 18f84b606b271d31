"""The addresses of names, asked of the name servers without a thread that waits: a name that never resolves holds up nothing but itself.

Owns the resolver (c-ares: the system's name servers and hosts file, answers kept for as long as they say) and what one account may ask at
once. Must not judge addresses: that is the guard's, and each answer goes through it."""

import asyncio
import logging
import socket
from collections.abc import Hashable, Sequence
from concurrent.futures import Future
from typing import Any

import pycares

from streams.guard import Resolver, Unresolvable
from streams.process_wide import ProcessWide
from streams.shares import Places, Shares

log = logging.getLogger(__name__)

LOOK_UPS = Shares("name look-ups", places=4096, each=64)
FIRST_TRY_SECONDS, TRIES = 2.0, 2
"""Then the next name server is asked; the second time it may take twice as long."""
INOTIFY = "fs.inotify.max_user_instances"
_SILENT = (pycares.errno.ARES_ETIMEOUT, pycares.errno.ARES_ECONNREFUSED)


class NameLookup:
    """`servers`: those of the system unless given, as address:port."""

    def __init__(self, servers: Sequence[str] | None = None, shares: Shares = LOOK_UPS) -> None:
        self.places = Places(shares)
        self._channel = pycares.Channel(timeout=FIRST_TRY_SECONDS, tries=TRIES, servers=servers)

    async def addresses(self, host: str, port: int, whose: Hashable) -> tuple[str, ...]:
        """The preferred one first. Raises Unresolvable. May take long, for name servers may; whoever has no patience cancels."""
        await self.places.take(whose)
        answer = self._ask(host, port)
        # Until the servers have answered, also when nobody waits any more: who gives up early and asks again asks twice.
        answer.add_done_callback(lambda _: self.places.leave(whose))
        return await asyncio.wrap_future(answer)

    def within(self, seconds: float) -> Resolver:
        """For a thread: the same, without a share, as whoever has a thread has one already. Raises Unresolvable when the time is over."""

        def limited(host: str, port: int) -> tuple[str, ...]:
            try:
                return self._ask(host, port).result(max(seconds, 0))
            except TimeoutError:
                raise Unresolvable(f"The name servers did not say within {seconds:.3g} s which address {host} has.") from None

        return limited

    def _ask(self, host: str, port: int) -> "Future[tuple[str, ...]]":
        answer: Future[tuple[str, ...]] = Future()
        answer.set_running_or_notify_cancel()  # and cannot be cancelled from now on

        def told(found: Any, error: int | None) -> None:
            if answer.done():
                return
            if error is None:
                answer.set_result(tuple(dict.fromkeys(node.addr[0].decode() for node in found.nodes)))
            else:
                answer.set_exception(_unresolvable(host, error))

        try:
            self._channel.getaddrinfo(host, port, type=socket.SOCK_STREAM, callback=told)
        except (pycares.AresError, ValueError, UnicodeError) as error:
            answer.set_exception(Unresolvable(f"The name {host} has no address ({error}). Check the host in the URL."))
        return answer

    def close(self) -> None:
        self._channel.close()


def _unresolvable(host: str, error: int) -> Unresolvable:
    reason = str(pycares.errno.strerror(error))
    if error in _SILENT:
        return Unresolvable(f"The name servers did not say which address {host} has ({reason}).")
    return Unresolvable(f"The name {host} has no address ({reason}). Check the host in the URL.")


@ProcessWide
def system() -> NameLookup:
    """That of this process; made by the first who asks. Raises Unresolvable when it cannot be made now."""
    try:
        return NameLookup()
    except pycares.AresError as error:
        log.exception("The resolver could not be started. A machine with many processes may lack inotify instances: see %s.", INOTIFY)
        raise Unresolvable("No name can be looked up at the moment; the platform's log says why.") from error
