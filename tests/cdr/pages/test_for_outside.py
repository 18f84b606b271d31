"""What a customer reads at his desk of a call: who of the operator did something, and where the gateway stands, is on none of its pages."""

import asyncio
from typing import Any

import pytest
from django.contrib.auth.models import User

from streams.models import Call, Stream
from tests.cdr import factories
from tests.cdr.admin.conftest import signed_in
from tests.cdr.call_script import make_gateway
from tests.cdr.desk.two_accounts import at_desk

pytestmark = pytest.mark.django_db(transaction=True)  # a file is read on threads of its own


def whole(response: Any) -> str:
    async def parts() -> bytes:
        return b"".join([part async for part in response.streaming_content])

    return (asyncio.run(parts()) if response.streaming else response.content).decode()


def test_neither_the_operator_s_people_nor_his_gateways_are_on_any_page_or_in_any_file() -> None:
    call: Call = factories.stopped_call(make_gateway(), cause="stopped_by_operator")
    stream: Stream = call.streams.get()
    client, admin = at_desk(), signed_in(User.objects.create_superuser("admin"))
    sections = {"call": ("calls", "calldetail", call.uuid), "stream": ("streams", "streamdetail", stream.uuid)}
    for word, section, key in sections.values():
        paths = [f"/desk/{word}/{key}/", *(f"/desk/{word}/{key}/debug-log/{form}" for form in ("", "txt/", "jsonl/"))]
        for path in paths:
            text = whole(client.get(path))
            assert "the operator" in text or "The operator" in text, path
            assert "maria" not in text and "10.20.0.7" not in text, path
        assert "maria" in whole(admin.get(f"/admin/cdr/{section}/{key}/change/"))


def test_a_stream_s_end_is_told_without_a_name() -> None:
    call = factories.stopped_call(make_gateway(), cause="stopped_by_operator")
    page = whole(at_desk().get(f"/desk/calls/{call.uuid}/"))
    assert "Stopped at the request of the operator." in page and ">Gateway<" not in page and "Gateway&#x27;s call id" not in page
