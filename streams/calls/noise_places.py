"""For how many streams this process suppresses noise, and whether one more is too many.

Owns the counting: anew each time, from the calls that are live, so that no place can be lost. Must not know how noise is suppressed."""

from collections import Counter
from collections.abc import Mapping

from streams.calls.relay import Relay
from streams.pure.call.notes import CallKey
from streams.shares import StreamPlaces


class NoisePlaces:
    """`places` of the process."""

    def __init__(self, places: int, relays: Mapping[CallKey, Relay]) -> None:
        self._places = StreamPlaces(places, "suppresses the noise of", "NOISE_CANCELLATION_STREAMS")
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
        words = self._places.no_room(self.taken(), account_id)
        return words[:1].upper() + words[1:]
