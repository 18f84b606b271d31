"""Calls that gateways bring again although they are over: builds of mod_audio_stream that reconnect for ever do, at once and without end.

Owns how much longer each refusal takes than the one before. Must not know sockets, clocks, or what tells calls
apart: whoever asks has a key for each."""

from collections.abc import Hashable

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 10.0


class ReturningCalls:
    """Remembers the last `at_most` calls that are over here or were refused, and how often each was refused."""

    def __init__(self, at_most: int = 10_000) -> None:
        self._at_most = at_most
        self._over: set[Hashable] = set()
        self._refusals: dict[Hashable, int] = {}

    def add(self, key: Hashable) -> None:
        """The call is over, or another process has it: it can never begin here."""
        self._remember(key, self._refusals.get(key, 0))
        self._over.add(key)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._over

    def refuse(self, key: Hashable) -> tuple[int, float]:
        """How often the call was refused before, and the seconds that this refusal should take. A client that is closed at once comes
        again at once."""
        before = self._refusals.get(key, 0)
        self._remember(key, before + 1)
        return before, min(FIRST_PAUSE_SECONDS * 2 ** min(before, 30), LONGEST_PAUSE_SECONDS)

    def _remember(self, key: Hashable, refusals: int) -> None:
        self._refusals.pop(key, None)
        self._refusals[key] = refusals
        if len(self._refusals) > self._at_most:
            oldest = next(iter(self._refusals))
            del self._refusals[oldest]
            self._over.discard(oldest)
