"""Streams that ended at a time, charged by the real ledger: what statements are made of."""

from datetime import datetime, timedelta

from cdr.models import Charge
from streams.models import Account, Call
from tests.cdr.call_script import CallScript, make_gateway


def charged(ended_at: datetime, seconds: float = 60, account: str = "Acme Robotics", gateway: str = "pbx-1", **plan: object) -> Charge:
    """The charge of a stream that ran for `seconds` until then."""
    row = make_gateway(gateway, account, **plan)
    script = CallScript(row, ended_at - timedelta(seconds=seconds + 0.34))
    script.answered()
    stream = script.streaming()
    script.stream_ended(stream, seconds + 0.34, "call_ended", "The gateway hung up.")
    script.call_ended(seconds + 0.34)
    call: Call = script.save()
    return Charge.objects.get(stream__call=call)


def account_of(name: str = "Acme Robotics") -> Account:
    return Account.objects.get(name=name)
