"""Every kind of page in a real Chromium, looked at once: nothing it shows is refused by its own policy, runs a stranger's script or is
wider than a phone, and axe-core finds nothing serious on what no page before had."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cdr import audit, invitations
from cdr.audit import Actor
from cdr.invitation_rows import Invitation
from cdr.member_rows import Membership, Role
from cdr.pure.acts import Act
from streams.models import Account, Call, Callback, Gateway, Stream
from streams.pure.gateway.refusal import Reason
from tests.cdr.admin import axe, every_page
from tests.cdr.admin.asked_often import known_people
from tests.cdr.admin.hostile import MARKER, poison_everything
from tests.cdr.admin.prepared_pages import served
from tests.cdr.admin.test_escaping import rows_of_everything
from tests.cdr.desk import every_address
from tests.cdr.desk.every_address import put_keys_back
from tests.cdr.factories import refused
from tests.cdr.same_thread import draw_in_this_thread
from tests.chromium import CHROMIUM

pytest.importorskip("playwright.sync_api", reason="every page in a browser: the playwright package is not installed")
DESKTOP, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="every page in a browser: there is no Chromium on this machine"),
]
LOGIN = "/admin/login/"
NOT_WELL = {"/admin/no-such-page": 404, "/admin/cdr/streamdetail/?cause=customer_closed&from=teatime": 400}


def more_addresses() -> list[str]:
    """Of calls of every kind, and of what a reader may get wrong."""
    live, unconnected = Stream.objects.filter(state="streaming").latest("pk"), Stream.objects.get(connect_attempts=3)
    closed = Stream.objects.get(end_cause="customer_closed")
    more = [f"/admin/cdr/calldetail/{call.uuid}/{page}/" for call in Call.objects.all() for page in ("change", "debug-log")]
    more += [f"/admin/cdr/streamdetail/{live.uuid}/{page}/" for page in ("change", "debug-log", "stop")]
    more += [f"/admin/cdr/streamdetail/{closed.uuid}/debug-log/", "/admin/cdr/streamdetail/?cause=customer_closed&q=nothing"]
    more += [f"/admin/cdr/calldetail/{live.call.uuid}/hang-up/", "/admin/cdr/calldetail/exports/?state=ended"]
    more += [f"/admin/cdr/streamdetail/compare/?a={live.uuid}&b={other}" for other in ("", unconnected.uuid)]
    more += ["/admin/cdr/streamdetail/all/?state=live", "/admin/cdr/streamdetail/saved/?state=live", "/admin/jsi18n/"]
    more += [f"/admin/streams/callback/{Callback.objects.first().pk}/{page}/" for page in ("change", "resend")]
    return [*NOT_WELL, *more, f"/admin/streams/gateway/{Gateway.objects.latest('pk').pk}/change/"]


def drawn(user: User, more: list[str]) -> dict[str, Any]:
    """What the console answers, by address: a page of each kind, and more."""
    client = Client()
    client.force_login(user)
    with known_people():
        others = {LOGIN: Client().get(LOGIN), **{address: client.get(address) for address in more}}
        assert {address: answer.status_code for address, answer in others.items() if answer.status_code != 200} == NOT_WELL
        return every_page.kinds(user) | others | behind_a_link(user) | at_desk(user)


def at_desk(user: User) -> dict[str, Any]:
    """The same rows as the people of their account see them, a manager, and what an invitation shows somebody new."""
    account = Account.objects.order_by("pk")[0]
    put_keys_back(account)
    Membership.objects.get_or_create(user=user, account=account, role=Role.MANAGER)
    client, invitation = Client(), Invitation.objects.all()[0]
    client.force_login(user)
    answers = {address: client.get(address) for address in every_address.addresses(Account.objects.get(pk=account.pk).name)}
    shown = {address: answer for address, answer in answers.items() if every_page.is_page(answer)}
    assert len(shown) > 25 and {answer.status_code for answer in answers.values()} <= {200, 404}
    link = invitations.link_of(invitation).removeprefix(invitation.origin)
    return shown | {address: Client().get(address) for address in ("/desk/login/", link, "/invitation/x/")}


def behind_a_link(user: User) -> dict[str, Any]:
    """What somebody without a login sees: the log, and that a link leads nowhere."""
    link = every_page.a_link(Stream.objects.order_by("pk").first(), user)
    return {address: Client().get(address) for address in (f"/shared/{link}/", f"/shared/{link}/x/")}


@pytest.fixture
def clean_and_hostile(db: None, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same pages before and after strangers wrote into every column."""
    draw_in_this_thread(monkeypatch)
    user = User.objects.create_superuser("admin")
    rows_of_everything(user)
    more = more_addresses()
    clean = drawn(user, more)
    poison_everything()
    gateway = Gateway.objects.latest("pk")
    refused("a" * 80, Reason.UNKNOWN_GATEWAY, known=False)
    refused(gateway.name, words="W" * 500, address="2001:db8:1111:2222:3333:4444:5555:6666")
    audit.write(Actor("admin", "192.0.2.7"), Act.CHANGE, Account.objects.first(), name=["a" * 200, "<b>"])
    return clean, drawn(user, more)


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


def test_each_fits_a_phone_obeys_its_policy_and_keeps_nobody_out(
    clean_and_hostile: tuple[dict[str, Any], dict[str, Any]], browser: Any
) -> None:
    clean, hostile = clean_and_hostile
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
