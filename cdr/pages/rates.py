"""What the console shows of an account's or a card's prices: each with its dates, the newest first, and which one is in force.

Owns the words. Must not know requests or templates."""

from dataclasses import dataclass
from datetime import datetime

from cdr.pure.bill_words import plain
from cdr.pure.figures import NOTHING
from streams.models import Account, Rate, RateCard
from streams.pure.price import BEGINNING, DEFAULT, Price, price_at, term_at
from streams.pure.time_zone import zone
from streams.rates import rates_of


@dataclass(frozen=True, slots=True)
class RateLine:
    """`until` is excluded. `card`: the key of the card that says the price, if one does. `begun`: it is in force or was, and stays."""

    pk: int
    since: str
    until: str
    words: str
    state: str
    by: str
    in_force: bool
    begun: bool
    card: int | None


def rate_lines(owner: Account | RateCard, now: datetime) -> list[RateLine]:
    rates, zone_name = rates_of(owner), zone_of(owner)
    present = term_at([rate.term for rate in reversed(rates)], now)
    ends = [None, *(rate.valid_from for rate in rates)]
    return [
        _line(rate, end, now, present is not None and rate.valid_from == present.valid_from, zone_name)
        for rate, end in zip(rates, ends, strict=False)
    ]


def _line(rate: Rate, end: datetime | None, now: datetime, in_force: bool, zone_name: str) -> RateLine:
    begun = rate.valid_from <= now
    return RateLine(
        pk=rate.pk,
        since=since_words(rate.valid_from, zone_name),
        until=since_words(end, zone_name) if end else NOTHING,
        words=price_words(rate.price) if rate.price else f"as rate card {rate.card}",
        state="in force" if in_force else "over" if begun else "to come",
        by=rate.created_by or NOTHING,
        in_force=in_force,
        begun=begun,
        card=rate.card_id if rate.account_id else None,
    )


def zone_of(owner: Account | RateCard) -> str:
    """A card is of many customers: its days are UTC's."""
    return owner.zone_name if isinstance(owner, Account) else "UTC"


def since_words(moment: datetime, zone_name: str) -> str:
    """`2026-12-01 00:00 Europe/Berlin`, where the customer lives."""
    if moment == BEGINNING:
        return "the beginning"
    form = "%Y-%m-%d %H:%M" if not moment.second else "%Y-%m-%d %H:%M:%S"
    return f"{moment.astimezone(zone(zone_name)):{form}} {zone_name}"


def price_words(price: Price) -> str:
    """`0.003 USD per 60 s, 10 s free, at least 30 s`."""
    free = f", {price.free_seconds} s free" if price.free_seconds else ""
    least = f", at least {price.minimum_seconds} s" if price.minimum_seconds else ""
    return f"{plain(price.amount)} {price.currency} per {price.interval_seconds} s{free}{least}"


def listed_price(account: Account, now: datetime) -> Price:
    """That in force, of an account with its `rates__card__rates` prefetched."""
    rates = list(account.rates.all())
    cards = {rate.card.pk: [other.term for other in rate.card.rates.all() if other.account_id is None] for rate in rates if rate.card}
    return price_at([rate.term for rate in rates], cards, now)


def default_words() -> str:
    return f"{price_words(DEFAULT)}: what an account has that was given no rate."
