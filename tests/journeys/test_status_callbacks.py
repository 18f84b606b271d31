"""Status callback addresses that fail: tried again in order, each try to be read in the debug log, nobody else delayed."""

import asyncio

from streams.simulate.callback_receiver import CallbackReceiver
from streams.simulate.conversation import Conversation
from streams.simulate.customer import Customer
from tests.journeys.answers import Answers
from tests.journeys.console import Console
from tests.journeys.installation import Web
from tests.journeys.stage import live, speech, streams_to


async def short_call(web: Web, answers: Answers, customer: Customer, **attributes: str) -> Conversation:
    call, conversation = await live(web, customer, streams_to(answers, customer, **attributes))
    await call.send_frames(speech(0.2))
    await conversation.until_media(10)
    await call.hang_up()
    await conversation.until_closed()
    return conversation


async def test_failed_tries_are_repeated_in_order(web: Web, answers: Answers, console: Console) -> None:
    async with Customer(receiver=CallbackReceiver(fail=2, fail_status=503)) as customer:
        conversation = await short_call(web, answers, customer)
        await customer.receiver.until_event(conversation.stream_id, "StopStream", timeout_seconds=20)
        log = await asyncio.to_thread(console.debug_log, conversation.stream_id)
    callbacks = customer.receiver.of(conversation.stream_id)
    assert [(one.event, one.status) for one in callbacks] == [
        ("StartStream", 503),
        ("StartStream", 503),
        ("StartStream", 200),
        ("StopStream", 200),
    ]
    assert len({one.headers["webhook-id"] for one in callbacks}) == 2
    assert len({one.body for one in callbacks[:3]}) == 1
    assert len([line for line in log.lines.values() if "answered 503" in line]) == 2


async def test_callbacks_by_get_carry_their_parameters_in_the_query(web: Web, answers: Answers) -> None:
    async with Customer() as customer:
        conversation = await short_call(
            web, answers, customer, statusCallbackMethod="GET", statusCallbackUrl=f"{customer.status_url}?tenant=7"
        )
        callback = await customer.receiver.until_event(conversation.stream_id, "StopStream")
    assert (callback.method, callback.body, callback.parameters["tenant"]) == ("GET", b"", "7")
    assert callback.parameters["CallUUID"] == conversation.call_id


async def test_a_dead_address_delays_no_other(web: Web, answers: Answers) -> None:
    async with Customer(receiver=CallbackReceiver(hang=20)) as hanging, Customer() as customer:
        await asyncio.gather(*(short_call(web, answers, hanging) for _ in range(4)))
        conversation = await short_call(web, answers, customer)
        await customer.receiver.until_event(conversation.stream_id, "StopStream", timeout_seconds=12)  # a try of theirs takes 15 s
        assert all(callback.status == 0 for callback in hanging.receiver.callbacks)
