"""Every kind of page in a real Chromium, looked at once: nothing it shows is refused by its own policy, runs a stranger's script or is
wider than a phone, and axe-core finds nothing serious on what no page before had."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from tests.cdr.admin import axe, every_page
from tests.cdr.admin.drawn_pages import LOGIN, drawn_pages
from tests.cdr.admin.hostile import MARKER
from tests.cdr.admin.prepared_pages import served
from tests.chromium import CHROMIUM

Error = pytest.importorskip("playwright.sync_api", reason="every page in a browser: the playwright package is not installed").Error
DESKTOP, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="every page in a browser: there is no Chromium on this machine"),
]

IN_ORDER = f"[document.documentElement.scrollWidth, '{MARKER}' in window]"
JUDGE = f"([html, drawn]) => {{ const found = judge(html); if (drawn) draw(); return [...found, {IN_ORDER}]; }}"
LOOK = f"([html, places]) => {{ parse(html); draw(); return [{IN_ORDER}, keepNew(places)]; }}"
"""One question each: asking takes as long as what is asked."""
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


@contextmanager
def at_desk_width(page: Any) -> Iterator[None]:
    """In the light; it is dark at the end."""
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(DESKTOP)
    yield
    page.set_viewport_size(PHONE)


def unpainted(context: Any, beside: Any) -> Any:
    """Another page of the context, which is laid out whenever something is asked of it, and never painted: that is a fifth of what a
    browser does. (Of a Chromium that cannot do without, a page like others.)"""
    known = context.new_cdp_session(beside).send("Target.getTargetInfo")["targetInfo"]
    wanted = {"url": "about:blank", "browserContextId": known["browserContextId"], "enableBeginFrameControl": True}
    try:
        with context.expect_page(timeout=10_000) as opened:
            context.browser.new_browser_cdp_session().send("Target.createTarget", wanted)
    except Error:
        return context.new_page()
    return opened.value


class Reader:
    """`scriptless` is a page that stays: others are drawn in its place. `aside`: those that are put there, each with whether the phone
    hides some of it: all are looked at on a phone, and then all at a desk, as each change of the width and the colours takes as long as
    axe."""

    def __init__(self, chromium: Any, url: str, sheets: list[str]) -> None:
        context = chromium.new_context(viewport=PHONE, color_scheme="dark", is_mobile=True, reduced_motion="reduce")
        context.add_init_script(axe.SCRIPTS)
        self.url, self.page = url, context.new_page()
        self.scriptless = unpainted(context, beside=self.page)
        self.complaints: list[str] = []
        self.found: dict[str, list[str]] = {}
        self.seen: set[str] = set()
        self.looks: set[str] = set()
        self.aside: list[tuple[str, bool]] = []
        for page in (self.page, self.scriptless):
            page.on("console", lambda message: self.complaints.append(message.text) if complains(message) else None)
            page.on("pageerror", lambda error: self.complaints.append(str(error)))
            page.on("dialog", lambda dialog: self.complaints.append(f"a dialog: {dialog.message}"))
        self.scriptless.goto(f"{url}{LOGIN}")
        for sheet in sheets:
            self.scriptless.add_style_tag(url=sheet)

    def reads(self, address: str, answer: Any, hostile: bool) -> Read:
        """What strangers wrote must not run, or make it wider, wherever it stands."""
        wrong, places, order = self.scriptless.evaluate(JUDGE, [answer.content.decode(), hostile])
        assert not wrong, (address, wrong)
        self.require_order(order, address)
        return Read(address, answer, hostile, frozenset(places))

    def looks_at(self, read: Read) -> None:
        """With axe at what no page before had, and with the page's scripts where it is something for them."""
        new, new_looks = self.new_of(read.places)
        if not new:
            return
        order, hidden = self.scriptless.evaluate(LOOK, [read.answer.content.decode(), new])
        self.require_order(order, read.address)
        if any(place.startswith("script") or " data-" in place for place in new):
            self.page.goto(self.url + read.address)
            self.require_order(self.page.evaluate(IN_ORDER), read.address)
            made, made_looks = self.new_of(self.page.evaluate("placesHere()"))
            hidden = self.page.evaluate("places => keepNew(places)", new + made)
            if self.on_a_phone(self.page, read.address, new_looks or made_looks, hidden):
                self.at_a_desk(self.page, read.address, hidden)
        elif self.on_a_phone(self.scriptless, read.address, new_looks, hidden):
            self.scriptless.evaluate("putAside()")
            self.aside.append((read.address, hidden))

    def new_of(self, places: Iterable[str]) -> tuple[list[str], bool]:
        """And whether some look as nothing did before."""
        new = [place for place in places if place not in self.seen]
        looks = {place.partition(" ")[0] for place in new} - self.looks
        self.seen.update(new)
        self.looks |= looks
        return new, bool(looks)

    def require_order(self, order: tuple[int, bool], address: str) -> None:
        """What a browser says of a page may come with the next."""
        width, ran = order
        assert width <= PHONE["width"] and not ran, address
        assert self.complaints == [], f"{address}, or the page before"

    def on_a_phone(self, page: Any, address: str, new_looks: bool, hidden: bool) -> bool:
        """Whether a desk shows more of what was kept, or another look of it."""
        if new_looks or not hidden:
            self.keep(axe.findings(page, axe.LOOKS if new_looks else axe.ALL_RULES), "a phone in the dark", address)
        return new_looks or hidden

    def at_a_desk(self, page: Any, address: str, hidden: bool) -> None:
        with at_desk_width(page):
            self.keep(axe.findings(page, axe.ALL_RULES), "a desk", address)
            page.emulate_media(color_scheme="dark")
            if hidden and page.evaluate("keepLate()"):
                self.keep(axe.findings(page, axe.COLOURS), "a desk in the dark", address)

    def looks_at_those_put_aside(self) -> None:
        with at_desk_width(self.scriptless):
            for number, (address, _) in enumerate(self.aside):
                self.scriptless.evaluate("number => takeUp(number)", number)
                self.keep(axe.findings(self.scriptless, axe.ALL_RULES), "a desk", address)
            self.scriptless.emulate_media(color_scheme="dark")
            for number in (number for number, (_, hidden) in enumerate(self.aside) if hidden):
                if self.scriptless.evaluate("number => { takeUp(number); return keepLate(); }", number):
                    self.keep(axe.findings(self.scriptless, axe.COLOURS), "a desk in the dark", self.aside[number][0])

    def would_have_found_something(self) -> None:
        """A page with a mistake of each sort, looked at as the others were."""
        wrong, *_ = self.scriptless.evaluate("html => judge(html)", BAD)
        assert len(wrong) == 5, wrong
        self.require_order(self.scriptless.evaluate(IN_ORDER), "the last")
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
        reader.looks_at_those_put_aside()
        reader.would_have_found_something()
        assert not reader.found, "\n".join(f"{finding}\n      on {', '.join(at)}" for finding, at in reader.found.items())

    with served() as server:
        browser.do(look)
