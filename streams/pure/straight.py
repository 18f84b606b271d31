"""Messages that go straight between our server and its application, past the queues between them, where nothing waits in those.

Owns the extension of ASGI by which the two agree on it. Must not know who takes what, or why one does not."""

from collections.abc import Callable
from typing import NamedTuple

STRAIGHT = "streamdesk.straight"
"""Its name in a scope's `extensions`. Another server offers none, and everything goes through its queues."""
Taker = Callable[[str | bytes], bool]
"""Takes a message at once, or returns False: then it goes through the queue, as all do that come after it until that is empty."""


class Straight(NamedTuple):
    """`give_to` is told who takes what comes (None: nobody any more); `send` is one for what goes."""

    give_to: Callable[[Taker | None], None]
    send: Taker
