"""The lists say how many rows a page has, and are sorted one way."""

import re
from typing import cast

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cdr.admin.lists.column_choice import COOKIE, ChoosesColumns
from cdr.admin.site import console
from cdr.admin.understood import ListAdmin
from tests.cdr.admin.conftest import signed_in
from tests.cdr.admin.every_page import rows, sections
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import good_call

LIST = "/admin/cdr/calldetail/"


@pytest.fixture
def four_calls(db) -> None:
    gateway = make_gateway()
    for _ in range(4):
        good_call(gateway)


def test_the_list_says_how_many_there_are(support, four_calls) -> None:
    assert "4 calls" in read(support, LIST).text


def test_there_is_no_way_to_show_all_or_to_sort(support, four_calls) -> None:
    links = read(support, LIST).links
    assert not [link for link in links if "all=" in link or "o=" in link.partition("?")[2]]


# Columns that are links ----------------------------------------------------------------------------------------------------
def linked_lists() -> list[str]:
    return [name for name, model in sections().items() if cast(ListAdmin, console._registry[model]).linked]


def test_what_a_column_names_is_a_link_for_those_who_may_see_it_and_costs_no_query(administrator, monkeypatch) -> None:
    rows()
    assert set(linked_lists()) >= {"cdr_calldetail", "cdr_streamdetail", "streams_gateway", "streams_application", "cdr_statement"}
    for name in linked_lists():
        admin, path = cast(ListAdmin, console._registry[sections()[name]]), reverse(f"admin:{name}_changelist")
        heads = [f'class="field-{link}' for _, link in admin.linked.values()]
        chosen = ".".join([*admin.list_display[1:], *admin.more_columns]) if isinstance(admin, ChoosesColumns) else "none"
        administrator.cookies[COOKIE] = chosen
        with CaptureQueriesContext(connection) as linked:
            page = administrator.get(path).content.decode()
        queries = len(linked)
        assert all(re.search(rf"{head}[^>]*><a href", page) for head in heads), name
        looker = User.objects.create_user(name, is_staff=True)
        looker.user_permissions.add(Permission.objects.get(codename=f"view_{sections()[name]._meta.model_name}"))
        reader = signed_in(looker)
        reader.cookies[COOKIE] = chosen
        plain = reader.get(path)
        assert plain.status_code == 200 and not any(head in plain.content.decode() for head in heads), name
        with monkeypatch.context() as patch, CaptureQueriesContext(connection) as unlinked:
            patch.setattr(type(admin), "linked", {})
            administrator.get(path)
        assert queries == len(unlinked) > 0, name
