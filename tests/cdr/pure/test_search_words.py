"""How a search was read, in a sentence."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cdr.pure.lookup import NumbersSought, ServiceHost
from cdr.pure.said_time import split_time
from cdr.pure.search_words import SearchReading, how_searched

NOW = datetime(2026, 11, 27, 15, 30, tzinfo=UTC)


def words(reading: SearchReading, *, whole_numbers: bool = True) -> str:
    return how_searched(reading, whole_numbers=whole_numbers)


def test_of_nothing_nothing_is_said() -> None:
    assert words(SearchReading("")) == ""


def test_a_number_by_its_beginnings_and_its_end() -> None:
    numbers = NumbersSought(("4711", "+4711", "+494711", "+444711"), (), ("1174",))
    expected = "Looked for: numbers, names and addresses that begin with 4711 or +4711 or +494711 and 1 more; numbers that end with 4711."
    assert words(SearchReading("4711", numbers)) == expected


def test_hosts_and_names() -> None:
    host = ServiceHost("bot.example.com", "8443")
    assert words(SearchReading("bot", host=host)) == "Looked for: streams to hosts that begin with bot.example.com and port 8443."
    assert words(SearchReading("bot", host=host._replace(port=""), whole_host=True)) == "Looked for: streams to the host bot.example.com."
    assert words(SearchReading("a", kind="account", names=("Acme", "Apex"))) == "Looked for: what belongs to the accounts Acme or Apex."


def test_a_day_and_a_moment_in_the_readers_time_zone() -> None:
    _, said = split_time("10:02", NOW.astimezone(ZoneInfo("America/New_York")))
    assert words(SearchReading("", said=said)) == "Looked for: begun from 09:57 to 10:08 EST on 2026-11-27, or going on at 10:02."
    _, said = split_time("yesterday", NOW)
    assert words(SearchReading("", said=said)) == "Looked for: begun on 2026-11-26 (UTC)."
