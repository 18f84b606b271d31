"""Reads pages as a browser would: the rows of a list, the links, the text."""

import re
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.template import Template
from django.test import Client
from lxml.etree import HTMLParser

from cdr.models import CallDetail, StreamDetail
from tests.cdr.admin.asked_often import known_people, without_sections


class Page:
    """`links`: where it leads. `text`: what a person reads. `rows`: the cells of the list. `inline`: what a strict CSP forbids.
    `foreign`: scripts, styles and frames that are not ours, and addresses that run code."""

    def __init__(self, html: str, address: str = "") -> None:
        self.html, self.address = html, address
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.inline: list[str] = []
        self.foreign: list[str] = []
        self.rows: list[list[str]] = []
        self.words: list[str] = []
        self._said: list[str] = []
        self._script = self._cell = False
        parser: Any = HTMLParser(target=self, huge_tree=True)
        parser.feed(html)
        parser.close()

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    # What lxml calls, in a tenth of the time that Python's own parser takes.
    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._say()
        self._script = tag in ("script", "style")
        if tag == "script" and "src" not in attributes and attributes.get("type") != "application/json":
            self.inline.append("script")
        self.inline += [tag] if tag == "style" else []
        for name, value in attributes.items():
            self._look_at(tag, name, value)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self._cell = True
            self.rows[-1].append("")

    def _look_at(self, tag: str, name: str, value: str) -> None:
        if name == "class":  # every other attribute is one
            return
        if name == "style" or name.startswith("on"):
            self.inline.append(f"{tag} {name}")
        if name == "id":
            self.ids.add(value)
        if tag == "a" and name == "href" and value:
            self.links.append(urljoin(self.address, value))
        if is_foreign(tag, name, value):
            self.foreign.append(f"{tag} {name}={value}")

    def end(self, tag: str) -> None:
        self._say()
        self._script = False
        self._cell = self._cell and tag not in ("td", "th")

    def data(self, data: str) -> None:
        """A text comes in pieces where a character has a name."""
        self._said.append(data)

    def close(self) -> None:
        self._say()

    def _say(self) -> None:
        text, self._said = "".join(self._said), []
        if self._script or not text:
            return
        self.words.append(text)
        if self._cell:
            self.rows[-1][-1] = " ".join(f"{self.rows[-1][-1]} {text}".split())


RUN = ("javascript:", "vbscript:", "data:text")


def is_foreign(tag: str, name: str, value: str) -> bool:
    if name in ("href", "src", "action", "formaction", "data") and value.strip().lower().startswith(RUN):
        return True
    loaded = (tag == "script" and name == "src") or (tag == "link" and name == "href")
    return tag in ("iframe", "object", "embed", "base") or (loaded and not value.startswith(("/static/", "/admin/jsi18n/")))


def read(client: Client, address: str, status: int = 200) -> Page:
    response = client.get(address)
    assert response.status_code == status, (address, response.status_code)
    return Page(response.content.decode(), address)


def listed(client: Client, address: str) -> Any:
    """The changelist that a list would draw."""
    return undrawn(client, address)["cl"]


def undrawn(client: Client, address: str, status: int = 200) -> dict[str, Any]:
    """What a page would be drawn of, which is not drawn: that takes longer than all else. The sections that the head of each page names
    are not looked up either."""
    with mock.patch.object(Template, "render", lambda template, context: ""), without_sections():
        response: Any = client.get(address)
    assert response.status_code == status, (address, response.status_code)
    return getattr(response, "context_data", None) or {}


NUMBERED = re.compile(r"/\w+detail/\d+/")
ROW_KEY = re.compile(r"/(?:[0-9a-f-]{36}|\d+)/")


def crawl(client: Client, start: str, limit: int = 400, given: Mapping[str, Any] | None = None) -> dict[str, Page]:
    """The pages of the console that can be reached by links, by address: every page of a row (which has several names: by one of them),
    but with a parameter only one of each kind of page (another row's would show the same parts of other lines), and of histories and
    questions before deleting one for each model. A list whose address is not understood (a saved filter may have such a one) says so. The
    sections that the head of each page names stand in the first alone. `given`: answers that are known, by address."""
    with known_people(), ExitStack() as after_the_first:
        return _crawled(client, start, limit, given or {}, after_the_first)


def looks(path: str, query: dict[str, str]) -> set[tuple[str, str]]:
    """What an address may show that no other does: a path, and a kind of page with a parameter. (`_changelist_filters` says only where
    one goes back to.)"""
    kind = ROW_KEY.sub("/#/", path)
    of_model = path.endswith(("/history/", "/delete/"))
    return {(kind if of_model else path, ""), *((kind, name) for name in query if name != "_changelist_filters")}


def uuids() -> dict[str, str]:
    """By the name of a row that has its number."""
    found: dict[str, str] = {}
    for section, model in (("calldetail", CallDetail), ("streamdetail", StreamDetail)):
        found |= {f"/{section}/{pk}/": f"/{section}/{uuid}/" for pk, uuid in model._default_manager.values_list("pk", "uuid")}
    return found


def _crawled(client: Client, start: str, limit: int, given: Mapping[str, Any], after_the_first: ExitStack) -> dict[str, Page]:
    seen: dict[str, Page] = {}
    known: set[tuple[str, str]] = set()
    files: set[str] = set()  # the kinds of addresses where one is downloaded, and not read here
    waiting, by_uuid = [start], uuids()
    while waiting and len(seen) < limit:
        address = waiting.pop(0).partition("#")[0]
        path = NUMBERED.sub(lambda name: by_uuid.get(name[0], name[0]), urlsplit(address).path)
        query = urlsplit(address).query
        new = looks(path, dict(parse_qsl(query))) - known
        if not new or not path.startswith("/admin/") or "logout" in path or ROW_KEY.sub("/#/", path) in files:
            continue
        known |= new
        response = given.get(f"{path}?{query}" if query else path) or client.get(address)
        if response.status_code in (301, 302):
            waiting.append(urljoin(address, response.headers["Location"]))
            continue
        if response.streaming or not response["Content-Type"].startswith("text/html"):
            files.add(ROW_KEY.sub("/#/", path))
            continue
        if not seen:
            after_the_first.enter_context(without_sections())
        seen[address] = page = Page(response.content.decode(), address)
        refused = response.status_code == 400 and "not understood" in page.html
        assert refused or response.status_code == 200, (address, response.status_code)
        waiting += page.links
    return seen
