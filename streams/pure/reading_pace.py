"""How fast what a peer sends is read and obeyed: at once for as long as it lasts, then at so many a second. What is not read waits with the
peer, so that nothing is lost and nobody else is late.

Owns what a message counts as. Must not know who sends, what, or how one waits."""

from streams.pure.allowance import Allowance, Budget

MESSAGE_BYTES = 16_384
"""A message that is larger counts as several: reading it takes as long."""
HASTE_SECONDS = 0.001
"""Messages closer than this were waiting already: whoever reads them on and on lets nobody else have a turn."""


OF_CUSTOMERS = Allowance(a_second=500, at_once=6000)
"""A minute of audio, which is as much as may wait to be played, in pieces of 20 ms with a checkpoint behind each, is 6000 messages.
Audio in such pieces at the pace of speech is 100 a second."""
OF_GATEWAYS = Allowance(a_second=1000, at_once=8000)
"""Two tracks in frames of 10 ms are 200 a second; after a stall of 40 s what was held comes at once."""


class ReadingPace:
    """Of one connection."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._budget = Budget(allowance)
        self._read_at = 0.0

    def pause_seconds(self, size: int, now: float) -> float | None:
        """After a message of so many bytes: how long to wait with the next; 0: let others have a turn; None: it comes at its own pace."""
        since = now - self._read_at if self._read_at else HASTE_SECONDS
        self._read_at = now
        cost = max(size / MESSAGE_BYTES, 1.0)
        left = self._budget.left(now) - cost
        self._budget.spend(cost)
        if left < 0:
            return -left / self._allowance.a_second
        return 0.0 if since < HASTE_SECONDS else None
