"""A gateway that is refused, a rule that finds it, and a mail that arrives: by way of the real beat, worker and mail server."""

import asyncio

import pytest

from streams.simulate.call_plan import CallRefused
from streams.simulate.gateway import AsteriskCall
from tests.cdr.alerts.mail_receiver import Receiver
from tests.journeys.console import Console
from tests.journeys.installation import Web
from tests.journeys.stage import plan

PLACE = {"name": "Ops", "kind": "mail", "enabled": "on", "addresses": "ops@example.com"}
RULE = {
    **{"name": "Somebody knocks", "enabled": "on", "kind": "refused_attempts", "threshold": "1", "window_minutes": "5", "least_count": "0"},
    **{"scope": "gateway", "repeat_minutes": "0", "quiet_from": "", "quiet_to": "", "time_zone": "UTC"},
}


def prepared(console: Console) -> None:
    """By the forms, as a person fills them in; the place is the only one, and its box is ticked."""
    page = console.get("/admin/cdr/alertchannel/add/")
    assert "Mails go by 127.0.0.1:" in page.text
    assert "was added successfully" in console.submit(page.form(), **PLACE).text
    gateways = console.get("/admin/streams/gateway/", q="gw-knocked")
    key = gateways.link(r"/gateway/\d+/change/").split("/")[-3]
    assert "was added successfully" in console.submit(console.get("/admin/cdr/alertrule/add/").form(), **RULE, gateway=key).text


@pytest.mark.slow
async def test_a_refused_gateway_is_told_by_mail_and_taken_in_hand(web: Web, console: Console, mails: Receiver) -> None:
    with pytest.raises(CallRefused, match="HTTP 403"):
        await AsteriskCall(plan(web, gateway="gw-knocked", password="wrong")).connect()
    await asyncio.to_thread(prepared, console)  # last: a rule that was looked at before the attempt is looked at a minute later
    mail = await asyncio.to_thread(mails.until_mail, "gw-knocked", 60)
    assert mail["Subject"].startswith("[Streamdesk] OPEN: gateway gw-knocked: 1 attempt of gateways refused within 5 minutes")
    page = await asyncio.to_thread(console.get, "/admin/cdr/alert/", rule="Somebody knocks")
    alert = await asyncio.to_thread(console.page_that_says, page.link(r"/cdr/alert/\d+/change/"), "Ops", "sent", "taken")
    question = await asyncio.to_thread(console.get, alert.link(r"/acknowledge/"))
    taken = await asyncio.to_thread(console.submit, question.form(), note="calling them")
    assert "admin has had it in hand since" in taken.text and "calling them" in taken.text
