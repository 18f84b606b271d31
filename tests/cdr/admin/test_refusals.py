"""The list of refused attempts, also of those that nobody knows."""

from datetime import timedelta

import pytest
from django.utils import timezone

from streams.pure.gateway.refusal import Reason
from tests.cdr.admin.reading import read
from tests.cdr.call_script import STARTED, make_gateway
from tests.cdr.factories import good_call, refused

LIST = "/admin/streams/gatewayrefusal/"


@pytest.fixture
def rows(db) -> None:
    call = good_call(make_gateway())
    refused("pbx-1", Reason.NO_MEDIA, STARTED, words="It said nothing.", call_uuid=call.uuid)
    refused("pbx-9", Reason.UNKNOWN_GATEWAY, STARTED + timedelta(seconds=1), 12, known=False, address="203.0.113.66")
    refused("", Reason.UNLISTED, timezone.now(), 4096, address="", dialect="")


def test_the_columns_and_the_newest_first(support, rows) -> None:
    page = read(support, LIST)
    heads, unlisted, unknown, silent = page.rows
    assert heads == ["Last (UTC)", "Gateway", "Reason", "Attempts", "Dialect", "From address", "Call", "Why, and what to do"]
    assert unlisted[1:4] == ["–", "▲ more attempts", "4,096"]
    assert unknown[:7] == ["2024-11-23 14:01:38", "pbx-9", "✕ unknown gateway", "12", "asterisk", "203.0.113.66", "–"]
    assert silent[1:3] == ["pbx-1", "✕ no MEDIA_START"] and silent[7].startswith("It said nothing. The gateway was let in")
    assert len([link for link in page.links if "/gateway/" in link and "/change/" in link]) == 1


@pytest.mark.parametrize(
    ("query", "count"),
    [
        *(("reason=no_media", 1), ("reason=wrong_password", 0), ("gateway=pbx-", 2), ("gateway=PBX-9", 1)),
        *(("when=hour", 1), ("from=2024-11-23 14:01:38&to=2024-11-23", 1), ("q=203.0.113", 1), ("q=pbx-1", 1), ("q=nobody", 0)),
    ],
)
def test_what_narrows_it(support, rows, query, count) -> None:
    assert len(read(support, f"{LIST}?{query}").rows[1:]) == count


def test_many_take_no_more_queries(support, rows, django_assert_max_num_queries) -> None:
    for number in range(60):
        refused(f"gw{number}", Reason.UNKNOWN_GATEWAY, known=False)
    with django_assert_max_num_queries(8):
        assert len(read(support, LIST).rows) == 51
