"""Reads pages as a browser would: the rows of a list, the links, the text."""

from html.parser import HTMLParser
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.template import Template
from django.test import Client


class Page(HTMLParser):
    """`links`: where it leads. `text`: what a person reads. `rows`: the cells of the list. `inline`: what a strict CSP forbids.
    `foreign`: scripts, styles and frames that are not ours, and addresses that run code."""

    def __init__(self, html: str, address: str = "") -> None:
        super().__init__()
        self.html, self.address = html, address
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.inline: list[str] = []
        self.foreign: list[str] = []
        self.rows: list[list[str]] = []
        self.words: list[str] = []
        self._script = self._cell = False
        self.feed(html)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._script = tag in ("script", "style")
        if tag == "script" and "src" not in values and values.get("type") != "application/json":
            self.inline.append("script")
        self.inline += [tag] if tag == "style" else []
        self.inline += [f"{tag} {name}" for name in values if name == "style" or name.startswith("on")]
        self.foreign += [f"{tag} {name}={value}" for name, value in attrs if is_foreign(tag, name, value or "")]
        self.ids.add(values.get("id") or "")
        if tag == "a" and values.get("href"):
            self.links.append(urljoin(self.address, values["href"] or ""))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self._cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._script = False
        self._cell = self._cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._script:
            return
        self.words.append(data)
        if self._cell:
            self.rows[-1][-1] = " ".join(f"{self.rows[-1][-1]} {data}".split())


def is_foreign(tag: str, name: str, value: str) -> bool:
    runs = value.strip().lower().startswith(("javascript:", "vbscript:", "data:text"))
    if runs and name in ("href", "src", "action", "formaction", "data"):
        return True
    loaded = (tag == "script" and name == "src") or (tag == "link" and name == "href")
    return tag in ("iframe", "object", "embed", "base") or (loaded and not value.startswith(("/static/", "/admin/jsi18n/")))


def read(client: Client, address: str, status: int = 200) -> Page:
    response = client.get(address)
    assert response.status_code == status, (address, response.status_code)
    return Page(response.content.decode(), address)


def listed(client: Client, address: str) -> Any:
    """The changelist that a list would draw, which is not drawn: that takes longer than all else."""
    with mock.patch.object(Template, "render", lambda template, context: ""):
        response: Any = client.get(address)
    assert response.status_code == 200, (address, response.status_code)
    return response.context_data["cl"]


def crawl(client: Client, start: str, limit: int = 400, alike: bool = True) -> dict[str, Page]:
    """Every page of the console that can be reached by links, by address. Not `alike`: of one path only those with a
    parameter that no address before had. A list whose address is not understood (a saved filter may have such a one) says so."""
    seen: dict[str, Page] = {}
    parameters: set[tuple[str, str]] = set()
    waiting = [start]
    while waiting and len(seen) < limit:
        address = waiting.pop(0).partition("#")[0]
        path, query = urlsplit(address).path, urlsplit(address).query
        new = {(path, name) for name in ("", *dict(parse_qsl(query)))} - parameters
        if address in seen or not path.startswith("/admin/") or "logout" in path or not (alike or new):
            continue
        parameters |= new
        response = client.get(address, follow=True)
        if response.streaming:
            continue  # a file to be downloaded
        seen[address] = page = Page(response.content.decode(), address)
        refused = response.status_code == 400 and "not understood" in page.html
        assert refused or response.status_code == 200, (address, response.status_code)
        waiting += page.links
    return seen
