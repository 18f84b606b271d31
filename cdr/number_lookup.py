"""Calls by their numbers' keys, served by indexes: what a key begins with, whole keys, what its digits end with.

Owns which columns those are, and when calls are asked for by their own keys. What a text may mean is cdr.pure.lookup's."""

from collections.abc import Collection
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet

from cdr import prefix_lookup  # noqa: F401 - the look-up `begins`
from cdr.pure.lookup import NumbersSought
from streams.models import Call

NOBODY = Q(pk__in=[])
MOST_CALLS = 1000
SIDES = ("from", "to")


def having_number(side: str, sought: NumbersSought, prefix: str = "") -> Q:
    """`side`: from or to. `prefix`: the way from a row to its call, such as `call__`. No call, where nothing is sought."""
    return reduce(or_, _having_each(side, sought, prefix), NOBODY)


def _having_each(side: str, sought: NumbersSought, prefix: str = "") -> list[Q]:
    """The same, each way that it may be written by itself: a range of one index."""
    key, reversed_digits = f"{prefix}{side}_key", f"{prefix}{side}_reversed"
    conditions = [Q(**{f"{key}__begins": begun}) for begun in sought.begins]
    if sought.whole:
        conditions.append(Q(**{f"{key}__in": sought.whole}))
    return conditions + [Q(**{f"{reversed_digits}__begins": end}) for end in sought.ends]


def few_having(calls: QuerySet[Call], sought: NumbersSought, sides: Collection[str] = SIDES) -> list[int] | None:
    """Those of the calls that have it on one of these sides, by their keys; None where they are more than MOST_CALLS, which are found on
    the way through the newest. Left to choose, a database would go that way for a number that nobody has as well: PostgreSQL,
    which believes that there is something of any, for 14 s among ten million.

    The indexes have the account behind the number: of one account's calls, nothing is read of others that have the number too."""
    calls = calls.order_by()
    ways = [way for side in sides for way in _having_each(side, sought)]
    arms = [calls.filter(pk__in=calls.filter(way).values("pk")[: MOST_CALLS + 1]).values_list("pk", flat=True) for way in ways]
    found = list(arms[0].union(*arms[1:])) if arms else []
    return found if len(found) <= MOST_CALLS else None
