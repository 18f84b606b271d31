"""How often strangers may ask for links: guesses by their address. Floods of one link are tried by test_shared_log.py."""

from dataclasses import replace
from itertools import count

import pytest

from cdr import link_limits, roles
from cdr.audit import Actor
from cdr.link_limits import TooOften, read_link
from cdr.log_links import make_link
from tests.cdr import factories
from tests.cdr.admin.conftest import person
from tests.cdr.call_script import make_gateway
from tests.cdr.test_log_links import TERMS

ADDRESSES = (f"2001:db8:{number:x}::1" for number in count(1))


def test_guesses_are_counted_by_address_and_keep_nobody_out_who_has_a_link(db, monkeypatch) -> None:
    stream, maker = factories.closed_call(make_gateway()).streams.get(), person("maria", roles.OPERATOR)
    monkeypatch.setattr(link_limits, "FAILED", replace(link_limits.FAILED, window_seconds=600, name="test-failed"))
    link, here, there = make_link(stream, TERMS, maker, Actor("maria", None)), next(ADDRESSES), next(ADDRESSES)
    assert [read_link(f"guess {number}", here) for number in range(link_limits.FAILED.most)] == [None] * link_limits.FAILED.most
    with pytest.raises(TooOften) as refused:
        read_link(link[:-1], here)
    assert 0 < refused.value.seconds <= 600
    assert read_link(link, here) and read_link("guess", there) is None
