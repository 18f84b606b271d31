"""What a rule may watch: each kind with its unit, its words, what it may be asked of, and which numbers make sense.

Owns that table. Must not know how a figure is found."""

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from cdr.pure.figures import counted


class AlertKind(StrEnum):
    CONNECTION_ERROR_SHARE = "connection_error_share"
    CONNECTION_ERRORS = "connection_errors"
    DEGRADED_SHARE = "degraded_share"
    DEGRADED_STREAMS = "degraded_streams"
    SLOW_RESPONSE_SHARE = "slow_response_share"
    CALLBACKS_GIVEN_UP = "callbacks_given_up"
    REFUSED_ATTEMPTS = "refused_attempts"
    GATEWAY_SILENT = "gateway_silent"
    NO_CALLS = "no_calls"
    SPEND = "spend"
    SPENDING_LIMIT = "spending_limit"
    OLDEST_CALLBACK = "oldest_callback"
    PLATFORM = "platform"


class AlertScope(StrEnum):
    ALL = "all"
    EACH_ACCOUNT = "each_account"
    ACCOUNT = "account"
    EACH_GATEWAY = "each_gateway"
    GATEWAY = "gateway"
    EACH_HOST = "each_host"
    HOST = "host"


SCOPE_WORDS = {
    AlertScope.ALL: "the whole platform together",
    AlertScope.EACH_ACCOUNT: "any account by itself",
    AlertScope.ACCOUNT: "one account",
    AlertScope.EACH_GATEWAY: "any gateway by itself",
    AlertScope.GATEWAY: "one gateway",
    AlertScope.EACH_HOST: "any customer's host by itself",
    AlertScope.HOST: "one customer's host",
}
OF_STREAMS = tuple(AlertScope)
OF_CALLBACKS = (AlertScope.ALL, AlertScope.EACH_ACCOUNT, AlertScope.ACCOUNT, AlertScope.EACH_HOST, AlertScope.HOST)
OF_CALLS = (AlertScope.ALL, AlertScope.EACH_ACCOUNT, AlertScope.ACCOUNT, AlertScope.EACH_GATEWAY, AlertScope.GATEWAY)
OF_ATTEMPTS = (AlertScope.ALL, AlertScope.EACH_GATEWAY, AlertScope.GATEWAY)
OF_GATEWAYS = (AlertScope.EACH_GATEWAY, AlertScope.GATEWAY)
OF_ACCOUNTS = (AlertScope.EACH_ACCOUNT, AlertScope.ACCOUNT)
OF_ALL = (AlertScope.ALL,)

SHORTEST_WINDOW_MINUTES, LONGEST_WINDOW_MINUTES = 1, 24 * 60
SHORTEST_SILENCE_MINUTES = 10
"""Of a gateway: in less time too many have no call by chance."""


class Unit(StrEnum):
    PERCENT = "%"
    COUNT = ""
    MINUTES = "minutes"
    MONEY = "money"


class Watchable(NamedTuple):
    """`words`: as a choice of the form; `happens`: in the sentence of a rule, after the threshold. `windowed`: it counts what happened
    within the last minutes; else it is about now. `by_rows`: what was so at an earlier time can still be seen in rows."""

    words: str
    happens: str
    unit: Unit
    scopes: tuple[AlertScope, ...]
    windowed: bool = True
    by_rows: bool = True
    share: bool = False


KINDS: dict[AlertKind, Watchable] = {
    AlertKind.CONNECTION_ERROR_SHARE: Watchable(
        "share of streams with a connection error (%)", "of streams end with a connection error", Unit.PERCENT, OF_STREAMS, share=True
    ),
    AlertKind.CONNECTION_ERRORS: Watchable(
        "count of streams with a connection error", "streams end with a connection error", Unit.COUNT, OF_STREAMS
    ),
    AlertKind.DEGRADED_SHARE: Watchable(
        "share of streams that degrade (%)", "of streams pass 30 % of their buffer", Unit.PERCENT, OF_STREAMS, share=True
    ),
    AlertKind.DEGRADED_STREAMS: Watchable("count of streams that degrade", "streams pass 30 % of their buffer", Unit.COUNT, OF_STREAMS),
    AlertKind.SLOW_RESPONSE_SHARE: Watchable(
        "share of streams whose bot once let its caller wait for more than 3 s (%)",
        "of streams have a bot that once lets its caller wait for more than 3 s",
        Unit.PERCENT,
        OF_STREAMS,
        share=True,
    ),
    AlertKind.CALLBACKS_GIVEN_UP: Watchable(
        "count of status callbacks that were given up", "status callbacks are given up", Unit.COUNT, OF_CALLBACKS
    ),
    AlertKind.REFUSED_ATTEMPTS: Watchable(
        "count of attempts of gateways that were refused", "attempts of gateways are refused", Unit.COUNT, OF_ATTEMPTS
    ),
    AlertKind.GATEWAY_SILENT: Watchable(
        "a gateway has no call, and at this time it usually has so many",
        "calls are usual at this time of the week, and a gateway has none",
        Unit.COUNT,
        OF_GATEWAYS,
        by_rows=False,
    ),
    AlertKind.NO_CALLS: Watchable("no call has come for so many minutes", "pass without a call", Unit.MINUTES, OF_CALLS, False, False),
    AlertKind.SPEND: Watchable("what streams have cost (money)", "are spent", Unit.MONEY, OF_ACCOUNTS),
    AlertKind.SPENDING_LIMIT: Watchable(
        "an account has reached a spending limit of its own (1: also where it is only warned; 2: where it is stopped)",
        "spending limits are reached (1: warned, 2: stopped)",
        Unit.COUNT,
        OF_ACCOUNTS,
        windowed=False,
        by_rows=False,
    ),
    AlertKind.OLDEST_CALLBACK: Watchable(
        "a status callback has been due for so many minutes, and no worker tried it",
        "pass in which a callback is due and no worker tries it",
        Unit.MINUTES,
        OF_ALL,
        False,
        False,
    ),
    AlertKind.PLATFORM: Watchable(
        "something of the platform is not well (as the Health page has it)", "troubles of the platform", Unit.COUNT, OF_ALL, False, False
    ),
}


def amount_words(value: Decimal, unit: Unit) -> str:
    """`20 %`, `5`, `1 minute`, `12.5`."""
    number = plain_number(value)
    if unit == Unit.PERCENT:
        return f"{number} %"
    return (
        counted(int(value), "minute")
        if unit == Unit.MINUTES and value == int(value)
        else f"{number} {unit.value}".strip()
        if (unit == Unit.MINUTES)
        else number
    )


def plain_number(value: Decimal) -> str:
    """Without the zeros behind it, and with commas between thousands."""
    whole = value == value.to_integral_value()
    return f"{value:,.0f}" if whole else f"{value:,f}".rstrip("0").rstrip(".")


def window_words(minutes: int) -> str:
    """`10 minutes`, `an hour`, `6 hours`, `a day`: the longest there is."""
    hours, left = divmod(minutes, 60)
    if left or not hours:
        return counted(minutes, "minute")
    return {1: "an hour", 24: "a day"}.get(hours, counted(hours, "hour"))


def rule_words(kind: AlertKind, threshold: Decimal, window_minutes: int, whose: str, *, least_count: int = 0) -> str:
    """A rule as a sentence, without what it does about it: `When 20 % or more of streams end with a connection error within 10 minutes, for
    any customer's host by itself`."""
    known = KINDS[kind]
    if kind == AlertKind.PLATFORM:
        return "When something of the platform is not well"
    if kind == AlertKind.SPENDING_LIMIT:
        return f"When a spending limit {'stops an account' if threshold > 1 else 'warns of an account, or stops it'}, for {whose}"
    within = f" within {window_words(window_minutes)}" if known.windowed else ""
    least = f" (of {least_count} or more)" if known.share and least_count > 1 else ""
    return f"When {amount_words(threshold, known.unit)} or more {known.happens}{within}{least}, for {whose}"


# What a form refuses -----------------------------------------------------------------------------------------------------------------
def threshold_problem(kind: AlertKind, threshold: Decimal) -> str:
    """What is wrong with it and what would be right; "" when nothing is."""
    unit = KINDS[kind].unit
    if threshold <= 0:
        return "At 0 the alert would be open all the time. Write a number above 0."
    if unit == Unit.PERCENT and threshold > 100:
        return f"There are no more than 100 %, and {plain_number(threshold)} are asked for. Write a number from 1 to 100."
    if unit in (Unit.COUNT, Unit.MINUTES) and threshold != threshold.to_integral_value():
        return "This is counted in whole numbers. Write one without a fraction."
    if unit == Unit.MINUTES and threshold > 7 * 24 * 60:
        return "That is more than a week. Write at most 10080 minutes."
    return ""


def window_problem(kind: AlertKind, minutes: int | None) -> str:
    known = KINDS[kind]
    if not known.windowed:
        return ""
    least = SHORTEST_SILENCE_MINUTES if kind == AlertKind.GATEWAY_SILENT else SHORTEST_WINDOW_MINUTES
    if minutes is None:
        return f"This is counted within some minutes. Write {least} to {LONGEST_WINDOW_MINUTES}."
    if not least <= minutes <= LONGEST_WINDOW_MINUTES:
        return f"Write {least} to {LONGEST_WINDOW_MINUTES} minutes (a day)."
    return ""


def scope_problem(kind: AlertKind, scope: AlertScope) -> str:
    scopes = KINDS[kind].scopes
    if scope in scopes:
        return ""
    return f"This cannot be watched for {SCOPE_WORDS[scope]}. Choose: {', '.join(SCOPE_WORDS[known] for known in scopes)}."
