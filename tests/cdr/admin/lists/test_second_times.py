"""Where in a list a second time stands."""

from datetime import UTC, datetime

from cdr.admin.lists.second_times import with_second_time

AT = datetime(2026, 11, 23, 14, 2, 3, tzinfo=UTC)


def test_it_stands_after_the_first_time_and_before_what_follows_boxes_or_not() -> None:
    for columns, place in ((["action_checkbox", "started", "caller"], 2), (["started"], 1)):
        shown = with_second_time(columns, "Started", lambda row: row, "Europe/Berlin")
        assert [*shown[:place], *shown[place + 1 :]] == columns
        second = shown[place]
        assert second.short_description == "Started (Europe/Berlin)" and second(AT) == "15:02:03 CET" and second(None) == "–"
