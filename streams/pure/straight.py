"""Messages that go straight from our server to its application, past the queue between them, where nothing waits in that.

Owns the extension of ASGI by which the two agree on it. Must not know who takes what, or why one does not."""

from collections.abc import Callable

STRAIGHT = "streamdesk.straight"
"""Its name in a scope's `extensions`. Another server offers none, and everything goes through its queue."""
Taker = Callable[[str | bytes], bool]
"""Takes a message at once, or returns False: then it goes through the queue, as all do that come after it until that is empty."""
Straight = Callable[[Taker | None], None]
"""Told who takes them; None: nobody any more."""
