"""Whole phone numbers are for those who may see them, on every page."""

import pytest
from django.contrib.auth.models import Permission, User

from streams.models import Call, Callback, CallbackAttempt, Gateway, StreamEvent
from tests.cdr import factories
from tests.cdr.admin.reading import crawl, read
from tests.cdr.alerts.rows import look_at_days
from tests.cdr.call_script import make_gateway

CALLER, CALLED = "4155550123", "8005550100"


@pytest.fixture
def gateway(db) -> Gateway:
    return make_gateway()


@pytest.fixture
def calls(gateway) -> list[Call]:
    """One of each kind; a number in the answer of a customer, in a URL and in a gateway's words as well."""
    look_at_days()
    made = [kind(gateway) for kind in factories.KINDS]
    CallbackAttempt.objects.update(response_head=f"unknown caller +1{CALLER}", error=f"no route to 1{CALLER}")
    StreamEvent.objects.filter(kind="call_answer_requested").update(details={"url": f"https://a.example/?From=%2B1{CALLER}"})
    StreamEvent.objects.filter(kind="call_media_started").update(details={"channel": f"PJSIP/1{CALLED}-0001"})
    return made


def test_support_reads_no_whole_number_anywhere(support, calls) -> None:
    pages = crawl(support, "/admin/", limit=400)
    assert len(pages) > 80
    for address, page in pages.items():
        assert CALLER not in page.html and CALLED not in page.html, address
    assert any("•••••••0123" in page.html for page in pages.values())


def test_who_may_see_numbers_reads_them(support, calls) -> None:
    User.objects.get(username="support").user_permissions.add(Permission.objects.get(codename="see_numbers"))
    call, callback = calls[0], Callback.objects.first()
    pages = ["/admin/cdr/calldetail/", f"/admin/cdr/calldetail/{call.uuid}/change/", f"/admin/cdr/calldetail/{call.uuid}/debug-log/"]
    for address in (*pages, f"/admin/streams/callback/{callback.pk}/change/"):
        assert CALLER in read(support, address).text, address


def test_a_masked_call_can_still_be_found_and_told_from_another(support, gateway) -> None:
    factories.good_call(gateway)
    factories.good_call(gateway, caller="+14155559999")
    page = read(support, "/admin/cdr/calldetail/?q=%2B1+415+555+9999")
    assert [row[1] for row in page.rows[1:]] == ["+•••••••9999"]
    assert page.rows[0][1:3] == ["From", "To"]


def test_the_question_before_hanging_up_hides_them_too(support, gateway) -> None:
    call = factories.live_call(gateway)
    User.objects.get(username="support").user_permissions.add(Permission.objects.get(codename="hang_up_call"))
    assert CALLER not in read(support, f"/admin/cdr/calldetail/{call.uuid}/hang-up/").text
