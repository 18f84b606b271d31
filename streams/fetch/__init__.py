"""One HTTP request to an address a customer chose: dialled through the guard, over within one deadline whatever the peer does.

`fetch` is the door. Nothing here knows what is asked or why; no redirect is followed and no proxy of the environment used."""

from streams.fetch.attempt import FailureKind, FetchFailed
from streams.fetch.request import Reply, fetch

__all__ = ["FailureKind", "FetchFailed", "Reply", "fetch"]
