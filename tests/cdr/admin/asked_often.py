"""Hundreds of pages asked for by the same few people: what every one of those requests would find out again is found out once.

Owns these short cuts. Who a session belongs to and what he may do is looked up as the product does, for each session once: while they
last, nobody is given or denied anything. Must not know what the answers are judged by."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from django.http import HttpRequest
from django.test import Client

from cdr.admin.site import Console, Section
from cdr.sign_in.second_factor import Backend
from cdr.sign_in.sessions import SessionStore


@contextmanager
def known_people() -> Iterator[None]:
    """Three queries of each request are answered from memory: its session, its user with the second factor, what he may do."""
    rows: dict[str, Any] = {}
    users: dict[int, Any] = {}
    find_row, find_user = SessionStore._get_session_from_db, Backend.get_user

    def row_of(store: SessionStore) -> Any:
        if (key := str(store.session_key)) not in rows:
            rows[key] = find_row(store)
        store.row = rows[key]
        return store.row

    def user_of(backend: Backend, user_id: int) -> Any:
        if user_id not in users:
            users[user_id] = find_user(backend, user_id)
            users[user_id].get_all_permissions()  # Django keeps them with the user
        return copy.copy(users[user_id])

    with mock.patch.object(SessionStore, "_get_session_from_db", row_of), mock.patch.object(Backend, "get_user", user_of):
        yield


def browser_of(client: Client) -> Client:
    """Another with the same cookies; what an answer does to them is its own. The middlewares are those of the first."""
    browser = Client()
    browser.handler = client.handler
    browser.cookies.load({name: morsel.value for name, morsel in client.cookies.items()})
    return browser


@contextmanager
def without_sections() -> Iterator[None]:
    """The head of each page names the sections that a person may open, for which it asks all that he may do: these have no such line."""
    listed = Console.get_app_list

    def of_one_app(site: Console, request: HttpRequest, app_label: str | None = None) -> list[Section]:
        return listed(site, request, app_label) if app_label else []

    with mock.patch.object(Console, "get_app_list", of_one_app):
        yield
