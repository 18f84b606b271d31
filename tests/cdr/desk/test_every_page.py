"""Every page of the desk: its policy, how many queries it takes, how large it is. tests/cdr/admin/test_every_page.py looks at them all."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cdr.member_rows import Role
from streams import tokens
from streams.models import Account, Application
from tests.cdr import factories
from tests.cdr.admin import every_page
from tests.cdr.desk.every_address import addresses
from tests.cdr.desk.two_accounts import OWN, at_desk, member, own_rows

pytestmark = pytest.mark.django_db
MOST_QUERIES, MOST_BYTES = 13, 40_000
"""Three of the queries find out who asks, and what is his."""


def asked(client: Client, pages: list[str]) -> dict[str, tuple[int, int]]:
    """By address: how many queries, and how many bytes came."""
    found = {}
    for address in pages:
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
        every_page.require_strict_policy(answer, address)
        if every_page.is_page(answer):
            found[address] = (len(queries), len(answer.content))
    return found


def test_each_takes_few_queries_is_small_and_obeys_the_policy_and_no_more_for_many_rows() -> None:
    own_rows()
    manager, pages = at_desk(role=Role.MANAGER), addresses(OWN)
    before = asked(manager, pages)
    gateway = Account.objects.get(name=OWN).gateways.all()[0]
    for number in range(3):
        factories.many_streams_call(gateway)
        factories.refused_call(gateway)
        Application.objects.create(account=gateway.account, name=f"{number}", answer_xml="<Response/>")
        tokens.make(gateway.account, f"token {number}", "a test", gateway.account.created_at)
        member(OWN, name=f"more{number}")
    after = asked(manager, pages)
    assert len(before) > 25 and before.keys() == after.keys()
    assert not {address: took for address, took in after.items() if took[0] > MOST_QUERIES or took[1] > MOST_BYTES}
    assert not {address: (took, after[address]) for address, took in before.items() if after[address][0] > took[0]}
