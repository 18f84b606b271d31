"""The tasks of a working day, walked in one browser without scripts from the first page on: each takes at most three steps, a click or a
form that is sent."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cdr import list_acts
from cdr.audit import Actor
from cdr.invitation_rows import Invitation
from cdr.list_act_rows import ListAct
from cdr.models import Export
from cdr.statements.closing import close_statement
from cdr.tasks import look_at_alert_rules
from cdr.trial_call_rows import TrialCall
from streams.models import Account, Rate
from tests.cdr.admin.conftest import signed_in
from tests.cdr.alerts import rows
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import live_call, refused_call, stopped_call
from tests.cdr.statements.charged import charged
from tests.chromium import CHROMIUM

playwright = pytest.importorskip("playwright.sync_api", reason="tasks in a browser: the playwright package is not installed")
MOST_STEPS = 3

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="tasks in a browser: there is no Chromium on this machine"),
]


class Walk:
    """A person's way through the console. `steps` are counted from the first page."""

    def __init__(self, page: Any) -> None:
        self.page, self.steps = page, 0

    def begin(self) -> None:
        self.page.goto("/admin/")
        self.steps = 0

    def click(self, name: str, *, within: str = "body") -> None:
        """A link or a button, the first of that name."""
        area = self.page.locator(within)
        link = area.get_by_role("link", name=name, exact=True).or_(area.get_by_role("button", name=name, exact=True))
        link.first.click()
        self.steps += 1

    def send(self, button: str, **fields: str) -> None:
        for name, value in fields.items():
            field = self.page.locator(f"main [name={name}]").first
            field.select_option(value) if field.evaluate("field => field.tagName") == "SELECT" else field.fill(value)
        self.click(button, within="main")

    def find(self, text: str) -> None:
        self.page.locator("#find").fill(text)
        self.click("Find the call")

    def ring(self) -> None:
        """The bell, which counts what is open."""
        self.page.locator("#signs a.bell").click()
        self.steps += 1

    def says(self, words: str) -> None:
        playwright.expect(self.page.locator("body")).to_contain_text(re.compile(words, re.IGNORECASE), use_inner_text=True)


@pytest.fixture
def installation(db: None) -> dict[str, str]:
    """A day of two customers, after beat had the rules looked at; what the tasks look for, by name."""
    gateway, now = make_gateway(), timezone.now()
    stopped_call(make_gateway("pbx-2", "Globex"), now - timedelta(minutes=20), cause="stopped_by_operator")
    refused = refused_call(gateway, now - timedelta(minutes=10))
    live = live_call(gateway, now - timedelta(minutes=1), caller="+14155554711")
    charged(datetime(2024, 10, 3, tzinfo=UTC))
    close_statement(gateway.account, "USD", datetime(2024, 10, 1, tzinfo=UTC).date(), Actor("clara", None))
    rows.streams(12, failed=9, gateway=make_gateway("pbx-2"), host="ivr.globex.example", ago=timedelta(minutes=3))
    for weeks in (1, 2, 3):
        rows.calls(12, gateway=make_gateway("pbx-3", "Globex"), ago=timedelta(weeks=weeks, minutes=10))
    look_at_alert_rules()
    return {"live": str(live.uuid), "refused": str(refused.uuid), "minute": f"{live.started_at:%H:%M}"}


def last_digits_and_a_time(walk: Walk, day: dict[str, str]) -> None:
    walk.find(f"4711 {day['minute']}")
    walk.says(r"\+14155554711")


def failing_hosts(walk: Walk, _: dict[str, str]) -> None:
    walk.click("Hosts")
    walk.says(r"502 Bad Gateway")


def is_pbx_1_up(walk: Walk, _: dict[str, str]) -> None:
    walk.click("Gateways")
    walk.click("pbx-1", within="main")
    walk.says(r"connected calls\s+1")


def cost_of_a_live_stream(walk: Walk, _: dict[str, str]) -> None:
    walk.click("Streams")
    walk.send("Show", state="live")
    walk.says(r"0\.00\d+ USD")


def october_of_a_customer(walk: Walk, _: dict[str, str]) -> None:
    walk.click("Statements")
    walk.click("2024-10", within="main")
    walk.says(r"october 2024")


def is_the_platform_healthy(walk: Walk, _: dict[str, str]) -> None:
    walk.page.locator("a[href='/admin/health/']").first.click()
    walk.steps += 1
    walk.says(r"Status callbacks")


def a_rate_from_tomorrow(walk: Walk, _: dict[str, str]) -> None:
    walk.click("Accounts")
    walk.page.locator("tr", has_text="Acme Robotics").locator("a[href$='/new-rate/']").click()
    walk.steps += 1
    walk.page.locator("main input[name=amount]").fill("0.005")
    walk.page.locator("main form.asking-form button[type=submit]").click()
    walk.steps += 1
    walk.says("New rate…")


def a_new_customer_with_a_test_call(walk: Walk, _: dict[str, str]) -> None:
    walk.click("New customer…")
    walk.send("Make the customer", name="Wonka", service_url="wss://bot.example.com/x")
    walk.says("Auth token")
    walk.click("Place a test call")
    walk.says("call waits for a worker")


def told_of_a_spike(walk: Walk, _: dict[str, str]) -> None:
    """To the streams that failed."""
    walk.ring()
    row = walk.page.locator("#result_list tr", has_text="ivr.globex.example: 75.0 % of streams (9 of 12) ended with")
    row.locator("a").first.click()
    walk.steps += 1
    walk.says(r"What was found when[\s\S]*opened[\s\S]*75.0 %: 9 of 12")
    walk.page.locator(".headline .door").first.click()
    walk.steps += 1
    walk.says("9 streams")


def who_stopped_it(walk: Walk, _: dict[str, str]) -> None:
    walk.click("Streams")
    walk.send("Show", reason="API request")
    walk.page.locator("#result_list a.code").first.click()
    walk.steps += 1
    walk.says("maria")


def send_again_all_that_a_host_missed(walk: Walk, _: dict[str, str]) -> None:
    walk.page.locator("section", has_text="Status callbacks by host").locator("a[href*='/callback/?']").first.click()
    walk.steps += 1
    walk.click("Send all that match again…")
    walk.says("Send 1 callback again")
    walk.click("Send 1 callback again", within="main")
    walk.says("waits for a worker")


def a_file_of_yesterdays_errors(walk: Walk, _: dict[str, str]) -> None:
    walk.click("Streams")
    walk.send("Export…", when="yesterday", reason="Connection error")
    walk.click("Export as CSV", within="main")
    walk.says("waiting")


def stop_all_streams_to_a_host(walk: Walk, _: dict[str, str]) -> None:
    walk.find("bot.example.com")
    walk.click("Stop all that match…")
    walk.says("Stop 1 stream")
    walk.click("Stop 1 stream", within="main")
    walk.says("waits for a worker")


def hear_of_a_silent_gateway(walk: Walk, _: dict[str, str]) -> None:
    walk.ring()
    walk.says("pbx-3.*no call within 30 minutes, usual at this time: 12")


def a_customers_login(walk: Walk, _: dict[str, str]) -> None:
    walk.click("Accounts")
    walk.page.locator("tr", has_text="Globex").locator("a[href$='/invite/']").click()
    walk.steps += 1
    walk.send("Invite", email="dora@globex.example", role="viewer")
    walk.says("An invitation goes to dora@globex.example within seconds")


TASKS: tuple[Callable[[Walk, dict[str, str]], None], ...] = (
    *(last_digits_and_a_time, failing_hosts, is_pbx_1_up, cost_of_a_live_stream, october_of_a_customer, is_the_platform_healthy),
    *(a_rate_from_tomorrow, a_new_customer_with_a_test_call, told_of_a_spike, who_stopped_it, send_again_all_that_a_host_missed),
    *(a_file_of_yesterdays_errors, stop_all_streams_to_a_host, hear_of_a_silent_gateway, a_customers_login),
)


def test_each_takes_at_most_three_steps(live_server, browser, installation) -> None:
    client = signed_in(User.objects.create_superuser("admin"))
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}

    def walk_all(chromium: Any) -> dict[str, int]:
        context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
        context.set_default_timeout(15_000)
        context.add_cookies([cookie])
        context.route("**/static/**", lambda route: route.abort())  # nothing is judged by its looks here
        walk, counted = Walk(context.new_page()), {}
        for task in TASKS:
            walk.begin()
            task(walk, installation)
            counted[task.__name__] = walk.steps
        return counted

    counted = browser.do(walk_all)
    assert {name: steps for name, steps in counted.items() if not 0 < steps <= MOST_STEPS} == {}, counted
    assert {act.kind for act in ListAct.objects.all()} == {"stop", "resend"} and list_acts.claim_next()
    assert Export.objects.get().query == "reason=Connection+error&when=yesterday"
    assert [one.email for one in Invitation.objects.filter(account__name="Globex")] == ["dora@globex.example"]
    assert TrialCall.objects.get().gateway_name == "wonka"
    assert Rate.objects.filter(account=Account.objects.get(name="Acme Robotics"), valid_from__gt=timezone.now()).exists()
