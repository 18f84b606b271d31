"""Every page of the desk: its policy, how many queries it takes, how large it is. tests/cdr/admin/test_every_page.py looks at them all."""

import re
from datetime import date
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cdr import live
from cdr.audit import Actor
from cdr.member_rows import Role
from cdr.models import Charge
from cdr.pure.log.filter import LogFilter
from cdr.statements.closing import close_statement
from cdr.tasks import run_exports
from streams import tokens
from streams.models import Account, Application, Call, Callback, CallbackAttempt, Stream, StreamEvent
from tests.cdr import factories
from tests.cdr.admin import every_page
from tests.cdr.desk import two_accounts
from tests.cdr.desk.every_address import addresses
from tests.cdr.desk.two_accounts import OWN, at_desk, member, own_rows
from tests.cdr.same_thread import draw_in_this_thread
from tests.rows_again import number_after

pytestmark = pytest.mark.django_db
PLANTED = 987_654_000
RANDOM = re.compile(r'name="(?:csrfmiddlewaretoken|mark)" value="[^"]*"')
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


def test_no_number_of_a_table_is_in_anything_that_leaves_the_desk(settings, tmp_path, monkeypatch) -> None:
    """It would count what the whole platform does. The rows have numbers that are known again wherever they turn up: in addresses,
    anchors, forms, files, what an open log is sent, and what a link to one shows."""
    settings.DATA_DIR = tmp_path
    number_after(PLANTED)
    two_accounts.make_own_rows()
    factories.reaped_call(Account.objects.get(name=OWN).gateways.all()[0])
    close_statement(Account.objects.get(name=OWN), "USD", date(2024, 11, 1), Actor("clara", None))
    manager = at_desk(role=Role.MANAGER)
    for path in ("/desk/calls/", "/desk/streams/"):
        manager.post(f"{path}exports/", {"query": "", "format": "csv"})
    run_exports()
    pages = [*addresses(OWN), *(f"{path}?totals=1" for path in ("/desk/calls/", "/desk/streams/"))]
    pages += [f"/desk/calls/{call.uuid}/debug-log/{part}" for call in Call.objects.all() for part in ("", "txt/", "jsonl/")]
    pages += [f"/desk/streams/{stream.uuid}/debug-log/?page=last" for stream in Stream.objects.all()]
    pages += [f"/desk/callbacks/{callback.message_id}/" for callback in Callback.objects.all()]
    told = {page: whole(manager.get(page)) for page in pages}
    links = {link for text in told.values() for link in re.findall(r'href="(/desk/[^"#?]+)', text)}
    told |= {link: whole(manager.get(link)) for link in links - told.keys()}
    for kind, key in [*(("call", call.uuid) for call in Call.objects.all()), *(("stream", stream.uuid) for stream in Stream.objects.all())]:
        reading = live.OpenLog(kind, str(key), manager.session.session_key or "", LogFilter(), live.LogReader(1, True), at_desk=True)
        told[f"live {key}"] = str(live.news(reading))
        assert told[f"live {key}"].count("'anchor'") > 4
    draw_in_this_thread(monkeypatch)
    for stream in Stream.objects.all():
        link = every_page.a_link(stream, User.objects.filter(is_superuser=True).first() or User.objects.create_superuser("maria"))
        told[link] = whole(Client().get(f"/shared/{link}/", headers={"Sec-Fetch-Mode": "navigate"}))
        assert told[link].count('class="line line-') > 4
    numbers = [
        row.pk for row in (*StreamEvent.objects.all(), *Charge.objects.all(), *Callback.objects.all(), *CallbackAttempt.objects.all())
    ]
    assert len(numbers) > 50 and all(PLANTED < number < PLANTED + 1000 for number in numbers)
    assert len(told) > 80 and "w17" in str(told)
    assert not {page: found for page, text in told.items() if (found := re.findall(r".{0,30}987654\d{3}.{0,30}", text))}


def whole(answer: Any) -> str:
    """With its head, and without what is random in it."""
    if not answer.streaming:
        return RANDOM.sub("", answer.content.decode("latin-1")) + str(answer.headers)

    async def parts() -> bytes:
        return b"".join([part async for part in answer.streaming_content])

    return async_to_sync(parts)().decode() + str(answer.headers)
