"""Every kind of page in a real Chromium, looked at once: nothing it shows is refused by its own policy, runs a stranger's script or is
wider than a phone, and axe-core finds nothing serious on what no page before had."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pytest

from tests.cdr.admin import axe, every_page
from tests.cdr.admin.drawn_pages import LOGIN, drawn_pages
from tests.cdr.admin.hostile import MARKER
from tests.cdr.admin.prepared_pages import served
from tests.chromium import CHROMIUM

pytest.importorskip("playwright.sync_api", reason="every page in a browser: the playwright package is not installed")
DESKTOP, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="every page in a browser: there is no Chromium on this machine"),
]


BAD = (
    '<title>x</title><main><input id="a"><a id="a" href="/"></a><p aria-labelledby="nothing"><img src="/static/cdr/console.css">'
    '<p class="pale">Pale <font color="#777777">words</font>'
)
"""No language, an id that is there twice, two without a name, a reference to nothing, a picture without words, pale words."""


def complains(message: Any) -> bool:
    """This server speaks no WebSocket: that an open log finds none is no complaint; nor is the status of a page that is not there, or of a
    list that is not understood."""
    expected = ("WebSocket connection to", "status of 400", "status of 404")
    return message.type in ("error", "warning") and not any(words in message.text for words in expected)


class Read(NamedTuple):
    """`places`: what there is on it (places.js)."""

    address: str
    answer: Any
    hostile: bool
    places: frozenset[str]


def fewest(read: list[Read]) -> Iterator[Read]:
    """Few pages with all that is on any: next is the one with the most that none before had."""
    seen: set[str] = set()
    while read := [page for page in read if not page.places <= seen]:
        yield (page := max(read, key=lambda one: len(one.places - seen)))
        seen |= page.places


class Reader:
    """`scriptless` is a page that stays: others are drawn in its place."""

    def __init__(self, chromium: Any, url: str, sheets: list[str]) -> None:
        context = chromium.new_context(viewport=PHONE, color_scheme="dark", is_mobile=True, reduced_motion="reduce")
        context.add_init_script(axe.SCRIPTS)
        self.url, self.page, self.scriptless = url, context.new_page(), context.new_page()
        self.complaints: list[str] = []
        self.found: dict[str, list[str]] = {}
        self.seen: set[str] = set()
        self.looks: set[str] = set()
        for page in (self.page, self.scriptless):
            page.on("console", lambda message: self.complaints.append(message.text) if complains(message) else None)
            page.on("pageerror", lambda error: self.complaints.append(str(error)))
            page.on("dialog", lambda dialog: self.complaints.append(f"a dialog: {dialog.message}"))
        self.scriptless.goto(f"{url}{LOGIN}")
        for sheet in sheets:
            self.scriptless.add_style_tag(url=sheet)

    def reads(self, address: str, answer: Any, hostile: bool) -> Read:
        """What strangers wrote must not run, or make it wider, wherever it stands."""
        wrong, places = self.scriptless.evaluate("html => judge(html)", answer.content.decode())
        assert not wrong, (address, wrong)
        if hostile:
            self.scriptless.evaluate("draw()")
            self.is_in_order(self.scriptless, address)
        return Read(address, answer, hostile, frozenset(places))

    def looks_at(self, read: Read) -> None:
        """With axe at what no page before had, and with the page's scripts where it is something for them."""
        new, new_looks = self.new_of(read.places)
        if not new:
            return
        self.scriptless.evaluate("html => { parse(html); draw() }", read.answer.content.decode())
        self.is_in_order(self.scriptless, read.address)
        if any(place.startswith("script") or " data-" in place for place in new):
            self.page.goto(self.url + read.address)
            self.is_in_order(self.page, read.address)
            made, made_looks = self.new_of(self.page.evaluate("placesHere()"))
            self.look_closely(self.page, read.address, new + made, new_looks or made_looks)
        else:
            self.look_closely(self.scriptless, read.address, new, new_looks)

    def new_of(self, places: Iterable[str]) -> tuple[list[str], bool]:
        """And whether some look as nothing did before."""
        new = [place for place in places if place not in self.seen]
        looks = {place.partition(" ")[0] for place in new} - self.looks
        self.seen.update(new)
        self.looks |= looks
        return new, bool(looks)

    def is_in_order(self, page: Any, address: str) -> None:
        width, ran = page.evaluate(f"[document.documentElement.scrollWidth, '{MARKER}' in window]")
        assert width <= PHONE["width"] and not ran, address
        assert self.complaints == [], address

    def look_closely(self, page: Any, address: str, new: list[str], new_looks: bool) -> None:
        hidden = page.evaluate("places => keepNew(places)", new)
        if not new_looks and not hidden:
            self.keep(axe.findings(page, axe.ALL_RULES), "a phone in the dark", address)
            return
        if new_looks:
            self.keep(axe.findings(page, axe.LOOKS), "a phone in the dark", address)
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(DESKTOP)
        self.keep(axe.findings(page, axe.ALL_RULES), "a desk", address)
        page.emulate_media(color_scheme="dark")
        if hidden and page.evaluate("keepLate()"):
            self.keep(axe.findings(page, axe.COLOURS), "a desk in the dark", address)
        page.set_viewport_size(PHONE)

    def would_have_found_something(self) -> None:
        """A page with a mistake of each sort, looked at as the others were."""
        wrong, *_ = self.scriptless.evaluate("html => judge(html)", BAD)
        assert len(wrong) == 5, wrong
        self.scriptless.evaluate("() => { draw(); window.news = document.body }")
        rules = {finding.split(":")[0] for finding in axe.findings(self.scriptless, axe.ALL_RULES)}
        assert rules >= {"image-alt", "color-contrast"}, rules

    def keep(self, found: list[str], where: str, address: str) -> None:
        for finding in found:
            self.found.setdefault(f"{finding} ({where})", []).append(address)


def test_each_fits_a_phone_obeys_its_policy_and_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch, browser: Any) -> None:
    clean, hostile, *_ = drawn_pages(monkeypatch)
    sheets = {sheet for answer in clean.values() for sheet in re.findall(r'href="([^"]+\.css)"', answer.content.decode())}

    def look(chromium: Any) -> None:
        server.pages = hostile
        reader = Reader(chromium, server.url, sorted(sheets))
        html = [(page, pages is hostile) for pages in (hostile, clean) for page in pages.items() if every_page.is_html(page[1])]
        for read in fewest([reader.reads(*page, is_hostile) for page, is_hostile in html]):
            server.pages = hostile if read.hostile else clean
            reader.looks_at(read)
        reader.would_have_found_something()
        assert not reader.found, "\n".join(f"{finding}\n      on {', '.join(at)}" for finding, at in reader.found.items())

    with served() as server:
        browser.do(look)
