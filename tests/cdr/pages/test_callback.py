"""The page of a status callback."""

import pytest

from cdr.pages.callback import callback_page
from streams.models import Callback
from tests.cdr.call_script import STARTED, make_gateway
from tests.cdr.factories import closed_call, reaped_call

pytestmark = pytest.mark.django_db


def test_a_callback_with_its_tries(django_assert_num_queries) -> None:
    closed_call(make_gateway())
    callback = Callback.objects.get(event="DroppedStream")
    with django_assert_num_queries(2):
        page = callback_page(str(callback.pk))
    assert [(line.number, line.status, line.failed, line.took) for line in page.attempts] == [
        (1, "503", True, "12 ms"),
        (2, "200", False, "31 ms"),
    ]
    assert page.attempts[0].answer == "<h1>503</h1>\nupstream down"
    assert (page.state.word, page.event, page.anchor) == ("delivered", "DroppedStream", f"c{callback.message_id}")
    assert dict(page.parameters)["Event"] == "DroppedStream"


def test_a_callback_that_waits_says_when_it_is_due() -> None:
    reaped_call(make_gateway())
    Callback.objects.update(due_at=STARTED)
    callback = Callback.objects.order_by("pk").first()
    facts = {fact.label: fact.value for fact in callback_page(str(callback.pk)).facts}
    assert (facts["Next try (UTC)"], facts["Finished (UTC)"], facts["Tries"]) == ("2024-11-23 14:01:37", "–", "0")


@pytest.mark.parametrize("key", ["0", "x", "", "9" * 30])
def test_there_is_no_such_callback(key) -> None:
    assert callback_page(key) is None
