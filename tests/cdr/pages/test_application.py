"""The page of an application: how it answers, what failed, and what leads to it."""

from datetime import timedelta

import pytest

from cdr.pages.application import ApplicationPage, application_page
from streams.models import Application
from tests.cdr.call_script import STARTED, make_gateway
from tests.cdr.factories import closed_call, good_call, live_call

pytestmark = pytest.mark.django_db
NOW = STARTED + timedelta(minutes=20)
SECRET = "s3cr3t-tenant"
XML = f'<Response><Stream extraHeaders="X-Key={SECRET}">wss://bot.example.com/in?token={SECRET}</Stream></Response>'


def page_of(application: Application) -> ApplicationPage:
    return application_page(Application.objects.select_related("account").get(pk=application.pk), NOW)


def test_what_is_live_what_failed_and_what_leads_to_it(django_assert_num_queries) -> None:
    gateway = make_gateway()
    live_call(gateway, NOW - timedelta(minutes=1)), closed_call(gateway, NOW - timedelta(minutes=2))
    good_call(gateway, called="+442079460000")
    other = Application.objects.create(account=gateway.account, name="another", answer_url="https://app.example.com/answer")
    application = Application.objects.select_related("account").get(pk=gateway.application_id)
    with django_assert_num_queries(5):
        page = application_page(application, NOW)
    assert [figure.words for figure in (*page.calls, *page.streams)] == ["1", "2", "33.3 %", "25.0 %", "25.0 %"]
    assert page.ends[0].figures[2].query == f"account={gateway.account.auth_id}&application=support+bot&reason=Connection+error&when=day"
    assert [(one.number, one.calls) for one in page.called] == [("+18005550100", 2), ("+442079460000", 1)]
    assert [one.name for one in page.gateways.rows] == ["pbx-1"] and len(page.last_calls) == 3
    empty = page_of(other)
    assert not empty.last_calls and not empty.called and not empty.gateways.rows and empty.state.word == "idle"


def test_what_is_secret_in_its_answer_is_scrubbed() -> None:
    application = make_gateway().application
    application.answer_xml, application.answer_url = XML, f"https://u:{SECRET}@app.example.com/?token={SECRET}"
    application.save()
    page = page_of(application)
    assert SECRET not in page.answer_xml + page.answer_url and "bot.example.com" in page.answer_xml
