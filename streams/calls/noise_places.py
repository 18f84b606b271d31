"""For how many streams this process suppresses noise, and whether one more is too many.

Owns the counting: anew each time, from the calls that are live, so that no place can be lost. Must not know how noise is suppressed."""

from collections import Counter
from collections.abc import Mapping

from streams.calls.relay import Relay
from streams.pure.call.notes import CallKey
from streams.shares import Shares


class NoisePlaces:
    """`places` of the process; one account may have half of them. Who finds none does not wait: a stream begins now, and goes on without
    it."""

    def __init__(self, places: int, relays: Mapping[CallKey, Relay]) -> None:
        self._shares = Shares("noise cancellation", places, places // 2) if places > 1 else None
        self._relays = relays

    def taken(self) -> Counter[int]:
        """How many streams of each account have one."""
        found: Counter[int] = Counter()
        for relay in self._relays.values():
            for stream in relay.session.streams.values():
                if stream.live and stream.noise is not None and stream.noise.active:
                    found[relay.facts.account_id] += 1
        return found

    def no_room(self, account_id: int) -> str:
        """Why an account's next stream may not have it, in a sentence; "" where it may."""
        if self._shares is None:
            return "Noise is suppressed for no stream here (NOISE_CANCELLATION_STREAMS)."
        taken, shares = self.taken(), self._shares
        if not shares.has_share(taken, account_id):
            words = f"An account may have it on {shares.each} streams of a process at once, and this one has as many"
            return f"{words} (half of NOISE_CANCELLATION_STREAMS)."
        if not shares.has_room(taken, account_id):
            return f"A process may do it for {shares.places} streams at once, and this one does (NOISE_CANCELLATION_STREAMS)."
        return ""
