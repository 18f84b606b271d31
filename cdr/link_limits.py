"""Links to debug logs as strangers ask for them: wrong ones are counted by address, right ones so that none is asked for as by a flood.

Owns those limits. Which links work is cdr.log_links'. Imported by who serves pages alone: others need no counters."""

from django.conf import settings

from cdr.log_links import SharedLog, working_link
from cdr.tallies import Limit, Tallies

FAILED = Limit("failed-log-links", 20, 60, "Too many links that do not work came from this address.")
READ = Limit("log-link-reads", 120, 60, "This link is asked for too often at the moment.")

tallies = Tallies(settings.REDIS_URL)


class TooOften(Exception):
    """`seconds` until it may be tried again."""

    def __init__(self, limit: Limit, seconds: int) -> None:
        super().__init__(limit.words)
        self.seconds = seconds


def read_link(text: str, who: str) -> SharedLog | None:
    """As working_link. `who`: whose wrong ones are counted: who has a link that works did not guess, and is let in from the same address.
    Raises TooOften."""
    shared = working_link(text)
    if shared is None:
        _count(FAILED, who)
    return shared


def count_reading(shared: SharedLog) -> None:
    """A page is about to be made for it. Raises TooOften when one link is asked for as if by a flood."""
    _count(READ, shared.link.key)


def _count(limit: Limit, whose: str) -> None:
    if not tallies.hit(limit, whose):
        raise TooOften(limit, tallies.seconds_left(limit, whose))
