"""The ledger hears of a stream's end, once, and what fails beside it undoes both."""

import pytest

from cdr import receivers
from cdr.models import Charge
from streams.models import Stream
from streams.signals import stream_ended
from tests.cdr.call_script import CallScript, make_gateway
from tests.cdr.factories import good_call

pytestmark = pytest.mark.django_db


def test_connecting_again_does_not_charge_twice() -> None:
    receivers.connect()
    good_call(make_gateway())
    assert Charge.objects.count() == 1
    assert [key[0] for key, *_ in stream_ended.receivers] == ["charge_ended_streams"]


def test_an_end_that_a_receiver_refuses_leaves_neither_end_nor_charge() -> None:
    def refuse(**kwargs: object) -> None:
        raise RuntimeError("not now")

    script = CallScript(make_gateway()).answered()
    script.stream_ended(script.streaming(), 5, "call_ended", "The gateway hung up.")
    stream_ended.connect(refuse)
    try:
        with pytest.raises(RuntimeError, match="not now"):
            script.save()
    finally:
        stream_ended.disconnect(refuse)
    assert not Charge.objects.exists() and not Stream.objects.filter(state="ended").exists()
    script.save()
    assert Charge.objects.count() == 1
