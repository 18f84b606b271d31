"""Conditions on calls by their numbers' keys, each served by an index: what a key begins with, whole keys, what its digits end with.

Owns which columns those are. What a text may mean is cdr.pure.lookup's."""

from functools import reduce
from operator import or_

from django.db.models import Q

from cdr import prefix_lookup  # noqa: F401 - the look-up `begins`
from cdr.pure.lookup import NumbersSought

NOBODY = Q(pk__in=[])


def having_number(side: str, sought: NumbersSought, prefix: str = "") -> Q:
    """`side`: from or to. `prefix`: the way from a row to its call, such as `call__`. No call, where nothing is sought."""
    return reduce(or_, having_each(side, sought, prefix), NOBODY)


def having_each(side: str, sought: NumbersSought, prefix: str = "") -> list[Q]:
    """The same, each way that it may be written by itself: a range of one index."""
    key, reversed_digits = f"{prefix}{side}_key", f"{prefix}{side}_reversed"
    conditions = [Q(**{f"{key}__begins": begun}) for begun in sought.begins]
    if sought.whole:
        conditions.append(Q(**{f"{key}__in": sought.whole}))
    return conditions + [Q(**{f"{reversed_digits}__begins": end}) for end in sought.ends]
