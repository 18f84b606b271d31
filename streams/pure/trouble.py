"""Something that is not as it should be, in words for whoever runs the platform: what it is, what it means for calls, what to do.

Strangers may read them (/status): no address, no text of an error, no name of a customer. Must not know how it was found."""

from typing import NamedTuple


class Trouble(NamedTuple):
    """`about`: one word, for programs. The others are sentences."""

    about: str
    what: str
    for_calls: str
    remedy: str
