"""The dialects an operator may choose are the dialects there are."""

from streams.models import Gateway
from streams.pure.gateway import DIALECTS


def test_every_dialect_can_be_chosen():
    assert [name for name, _ in Gateway.DIALECTS] == list(DIALECTS)
