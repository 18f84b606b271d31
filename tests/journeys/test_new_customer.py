"""A new customer from the form to the bill: made on one page, and heard by a test call through the endpoint that gateways use."""

import asyncio
import re
from html import unescape

from streams.simulate.customer import Behaviour, Customer
from tests.journeys.console import Console
from tests.journeys.page import Page


def made(console: Console, service_url: str, status_url: str) -> Page:
    form = console.get("/admin/streams/account/new-customer/").form()
    return console.submit(form, name="Wonka", service_url=service_url, status_url=status_url, dialect="audio_stream")


async def test_a_test_call_goes_all_the_way_and_says_so(console: Console) -> None:
    async with Customer(Behaviour(echo=True)) as customer:
        page = await asyncio.to_thread(made, console, customer.url, customer.status_url)
        token = unescape(re.findall(r'id="secret-token">([^<]+)<', page.html)[0])
        began = await asyncio.to_thread(console.submit, page.form())
        trial = await asyncio.to_thread(console.followed, began)
        (conversation,) = customer.conversations
        stop = await customer.receiver.until_event(conversation.stream_id, "StopStream")
    assert "All of it works." in trial.text and trial.text.count("✓ works") == 6, trial.text
    assert len(conversation.media) > 300 and conversation.call_id in trial.text
    assert token not in trial.text and stop.parameters["StreamID"] == conversation.stream_id
