"""A time by the clock of the reader's own zone, beside UTC.

Owns that one filter. Which zone that is, the site says; how it is written is cdr.pure.second_time's."""

from datetime import datetime

from django import template

from cdr.pure.second_time import second_time

register = template.Library()


@register.filter
def by_clock_of(at: datetime | None, zone: str) -> str:
    """ "" where there is no time, or no zone but UTC."""
    return second_time(at, zone) if at and zone else ""
