"""What a text begins with is found letter by letter, and by an index."""

import pytest
from django.db import connection

from cdr import prefix_lookup  # noqa: F401 - the look-up `begins`
from streams.models import Account, Call
from tests.cdr.call_script import STARTED

pytestmark = pytest.mark.django_db
NUMBERS = ("+1415", "+14155", "1415", "sip:a_c", "sip:abc", "sip:Abc", "50%", "50\u00e9")


@pytest.fixture
def calls() -> None:
    account = Account.objects.create(name="Acme")
    Call.objects.bulk_create(Call(account=account, started_at=STARTED, from_key=number) for number in NUMBERS)


@pytest.mark.parametrize("text", ["+1415", "1415", "sip:a", "sip:a_", "sip:A", "50", "50%", "50\u00e9", "", "\\", "\U0010ffff", "'"])
def test_what_begins(calls, text) -> None:
    found = Call.objects.filter(from_key__begins=text).values_list("from_key", flat=True)
    assert sorted(found) == sorted(number for number in NUMBERS if number.startswith(text))


def test_it_is_read_from_the_index(calls) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Call.objects.filter(from_key__begins="+1415").order_by().explain()
    assert "call_from_key" in plan
    assert "from_key>? AND from_key<?" in plan or "~>=~" in plan
