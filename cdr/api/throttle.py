"""How often the API may be asked: the limits, and the 429.

Must not know accounts, nor how it is counted (cdr.tallies)."""

from django.conf import settings

from cdr.api.errors import ApiRefusal, too_many
from cdr.tallies import Limit, Tallies

REQUESTS = Limit("requests", 300, 5, "Too many requests: an account may make 300 in 5 seconds.")
FAILED_LOGINS = Limit("failed-logins", 20, 60, "Too many failed logins from this address. Try again later, with the right auth token.")


class Counters(Tallies):
    """With a 429 where it is too much."""

    def admit(self, limit: Limit, who: str) -> None:
        """Counts one more for `who`. Raises a 429 when that is more than the limit."""
        if not self.hit(limit, who):
            raise self._refusal(limit, who)

    def refuse_exhausted(self, limit: Limit, who: str) -> None:
        """Counts nothing. Raises a 429 when `who` has used up the limit."""
        if not self.has_room(limit, who):
            raise self._refusal(limit, who)

    def count(self, limit: Limit, who: str) -> None:
        """Counts one more for `who`."""
        self.hit(limit, who)

    def _refusal(self, limit: Limit, who: str) -> ApiRefusal:
        return too_many(limit.words, self.seconds_left(limit, who))


counters = Counters(settings.REDIS_URL)
