"""The filter that tells a time by the reader's own clock."""

from datetime import UTC, datetime

from django.template import Context, Template

PAGE = Template("{% load own_time %}[{{ at|by_clock_of:shown_zone }}]")
AT = datetime(2026, 11, 23, 14, 2, 3, tzinfo=UTC)


def test_it_tells_nothing_where_there_is_no_time_or_no_zone() -> None:
    assert PAGE.render(Context({"at": AT, "shown_zone": "Europe/Berlin"})) == "[15:02:03 CET]"
    assert PAGE.render(Context({"at": None, "shown_zone": "Europe/Berlin"})) == PAGE.render(Context({"at": AT, "shown_zone": ""})) == "[]"
