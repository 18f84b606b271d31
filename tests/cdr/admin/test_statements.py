"""Statements in the console: what is open, one of them, its files, its closing, corrections; and who edits addresses."""

import base64
import re
import zlib
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.test import Client

from cdr import roles
from cdr.audit import Actor
from cdr.closing_rows import StatementClosing
from cdr.models import Adjustment, AuditEntry, Charge, Statement, StreamDetail
from cdr.statements.checking import check_all
from cdr.statements.closing import close_statement
from cdr.tasks import close_statements
from streams.models import Account
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.admin.reading import listed, read
from tests.cdr.call_script import make_gateway
from tests.cdr.desk.two_accounts import at_desk
from tests.cdr.statements.charged import account_of, charged
from tests.moved_clock import database_goes_with_it
from tests.rows_again import made_once

pytestmark = pytest.mark.django_db

LIST = "/admin/cdr/statement/"
NOON = datetime(2026, 10, 3, 12, 0, tzinfo=UTC)
CLARA = Actor("clara", None)


@pytest.fixture(autouse=True)
def in_november(monkeypatch):
    database_goes_with_it(monkeypatch)
    with time_machine.travel(datetime(2026, 11, 2, 9, 0, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def clerk() -> Client:
    return signed_in(person("clara", roles.BILLING))


@made_once
def three_charges() -> None:
    make_gateway(rate="0.00300")
    Account.objects.update(time_zone="Europe/Berlin")
    charged(NOON)
    charged(NOON + timedelta(days=1), seconds=61)
    charged(NOON + timedelta(days=30))


@pytest.fixture
def account() -> Account:
    three_charges()
    return account_of()


@pytest.fixture
def statement(account) -> Statement:
    return close_statement(account, "USD", date(2026, 10, 1), CLARA)


def draft_of(account: Account, month: str = "2026-10", currency: str = "USD") -> str:
    return f"{LIST}of/{account.pk}/{currency}/{month}/"


def test_from_the_account_to_its_open_months_to_the_streams_behind_a_line(clerk, account) -> None:
    assert f"{LIST}of/{account.pk}/" in read(clerk, f"/admin/streams/account/{account.pk}/change/").links
    page = read(clerk, f"{LIST}of/{account.pk}/")
    assert draft_of(account) in page.links and draft_of(account, "2026-11") in page.links
    page = read(clerk, draft_of(account))
    assert "draft: it is not closed, and may change" in page.text and "0.00900 USD" in page.text
    assert "2026-10-01 00:00 to 2026-11-01 00:00, excluded (Europe/Berlin)" in page.text
    behind = {words: link for link in page.links if (words := link.partition("statement=")[2])}
    assert len(behind) == 3
    counts = {words.rpartition(".")[2]: len(listed(clerk, link).result_list) for words, link in behind.items()}
    application = Charge.objects.first().application_id
    assert counts == {f"application-{application}": 2, "day-2026-10-03": 1, "day-2026-10-04": 1}


def test_every_account_with_something_open_is_listed(clerk, account) -> None:
    charged(NOON, account="Globex", gateway="pbx-2")
    rows = read(clerk, f"{LIST}open/").rows[1:]
    assert rows == [["Acme Robotics", "USD", "2026-10", "2026-11", "3"], ["Globex", "USD", "2026-10", "2026-10", "1"]]


def test_it_is_closed_after_asking_and_stays_as_it_is(clerk, account) -> None:
    question = read(clerk, f"{draft_of(account)}close/").text
    assert "It comes to 0.00900 USD for 2 streams, and does not change any more." in question
    waiting = clerk.post(f"{draft_of(account)}close/", follow=True)
    assert waiting.request["PATH_INFO"] == draft_of(account) and waiting["Refresh"] == "2" and not Statement.objects.exists()
    close_statements()
    row = Statement.objects.get()
    assert clerk.get(draft_of(account))["Location"] == f"{LIST}{row.pk}/change/" and row.closed_by == "clara"
    Account.objects.update(name="Renamed", time_zone="UTC")
    charged(NOON, account="Renamed")
    page = read(clerk, f"{LIST}{row.pk}/change/")
    assert "0.00900 USD" in page.text and "excluded (Europe/Berlin)" in page.text and "Not checked yet" in page.text
    behind = next(link for link in page.links if link.endswith(".day-2026-10-03"))
    assert len(listed(clerk, behind).result_list) == 1
    assert AuditEntry.objects.get(act="close a statement").by == "clara"


def test_while_it_is_being_closed_the_page_says_so_and_nobody_is_asked_again(clerk, account) -> None:
    for _ in range(2):  # a double click
        clerk.post(f"{draft_of(account)}close/")
    page = read(clerk, draft_of(account))
    assert "being closed" in page.text and f"{draft_of(account)}close/" not in page.links
    assert "as soon as a worker takes it up. Asked for by clara at 2026-11-02 09:00:00 UTC." in page.text
    job = StatementClosing.objects.get()
    StatementClosing.objects.update(claimed_by="one", claimed_until=job.created_at + timedelta(minutes=1))
    assert "It is being closed, with 2 streams: all at once" in read(clerk, draft_of(account)).text
    customer = at_desk(account.name)
    told = read(customer, f"/desk/statements/{account.auth_id}/USD/2026-10/").text
    assert "being closed, with 2 streams" in told and "clara" not in told
    months = read(customer, "/desk/statements/").text
    assert "October 2026, USD being closed" in months and "November 2026, USD draft" in months and "clara" not in months
    assert "October 2026, USD being closed" in read(clerk, f"{LIST}of/{account.pk}/").text


def test_who_may_not_close_any_more_when_a_worker_takes_it_up_closes_nothing(clerk, account) -> None:
    clerk.post(f"{draft_of(account)}close/")
    User.objects.get(username="clara").groups.clear()
    close_statements()
    assert not Statement.objects.exists()
    User.objects.get(username="clara").groups.add(Group.objects.get(name=roles.BILLING))
    page = read(clerk, draft_of(account))
    assert "It was not closed. The person who asked for it may not close statements any more." in page.text
    assert f"{draft_of(account)}close/" in page.links and "Refresh" not in clerk.get(draft_of(account))
    clerk.post(f"{draft_of(account)}close/")
    close_statements()
    assert Statement.objects.get().closed_by == "clara"


def test_closing_it_again_changes_nothing_and_says_by_whom_it_was(clerk, statement, account) -> None:
    before = Statement.objects.values().get()
    answer = clerk.post(f"{draft_of(account)}close/", follow=True).content.decode()
    assert "It was closed already, by clara at 2026-11-02 09:00 UTC." in answer
    assert Statement.objects.values().get() == before and AuditEntry.objects.filter(act="close a statement").count() == 1


def test_who_edits_the_address_gets_a_sentence_and_closes_nothing(clerk, statement, account) -> None:
    before = list(Charge.objects.values())
    for wrong in ("USD/2026-13", "USD/x", "USD/2026-1", "USDX/2026-11", "USD/2026-09", "U%00D/2026-11"):
        address = f"{LIST}of/{account.pk}/{wrong}/"
        for part in ("", "csv/", "pdf/", "close/"):
            assert clerk.get(f"{address}{part}").status_code == 404, (wrong, part)
        assert clerk.post(f"{address}close/").status_code in (302, 404), wrong
    assert Statement.objects.count() == 1 and list(Charge.objects.values()) == before


def test_a_month_that_is_not_over_is_not_closed(clerk, account) -> None:
    close_statement(account, "USD", date(2026, 10, 1), CLARA)
    address = f"{draft_of(account, '2026-11')}close/"
    assert "The month is not over" in read(clerk, address).text
    assert "Nothing was done. The month is not over" in clerk.post(address, follow=True).content.decode()


def test_what_came_late_is_said_so(clerk, statement, account) -> None:
    charged(NOON)
    page = read(clerk, draft_of(account, "2026-11"))
    assert "2026-10-03 (late)" in page.text and "billed when that month was closed already" in page.text
    (late,) = [link for link in page.links if link.endswith("2026-11.day-2026-10-03")]
    assert len(listed(clerk, late).result_list) == 1


def test_the_list_says_when_all_was_compared_and_what_does_not_agree(clerk, statement) -> None:
    assert "have not been compared yet" in read(clerk, LIST).text
    check_all()
    page = read(clerk, LIST)
    assert "Checked at 2026-11-02 09:00:00 UTC: charges, streams and statements agree to the last digit" in page.text
    assert page.rows[1][-1] == "2026-11-02 09:00:00" and len(read(clerk, f"{LIST}?q=acme").rows) == 2
    assert len(read(clerk, f"{LIST}?q=x").rows) == 0
    assert "Checked at 2026-11-02 09:00:00 UTC" in read(clerk, f"{LIST}{statement.pk}/change/").text
    Charge.objects.filter(seconds=61).update(amount=7)
    check_all()
    assert (
        "not everything agrees: The statement Acme Robotics, October 2026, USD does not agree with its charges." in read(clerk, LIST).text
    )


# Files -----------------------------------------------------------------------------------------------------------------
def test_the_csv_has_every_line(clerk, statement, account) -> None:
    lines = clerk.get(f"{LIST}{statement.pk}/csv/").content.decode("utf-8-sig").splitlines()
    cells = [line.split(",") for line in lines]
    assert cells[0][3:9] == ["Line", "Of", "Streams", "Duration (s)", "Rounded bill duration (s)", "Amount"]
    assert [row[3:9] for row in cells[1:4]] == [
        ["day", "2026-10-03", "1", "60", "60", "0.00300"],
        ["day", "2026-10-04", "1", "61", "120", "0.00600"],
        ["application", "support bot", "2", "121", "180", "0.00900"],
    ]
    assert cells[-1][3] == "total" and cells[-1][8:10] == ["0.00900", "USD"]
    assert "DRAFT" in clerk.get(f"{draft_of(account, '2026-11')}csv/").content.decode()


def test_what_a_stranger_wrote_is_no_formula_and_no_markup_in_files(clerk, account) -> None:
    Account.objects.update(name="=cmd|' /C calc'!A0 <b>&amp; Ж")
    account.applications.update(name="<para><font size=900>x</font>" + "y" * 60)
    Adjustment.objects.create(account=account, currency="USD", amount=-1, reason="=1+1</td><img src=x>", at=NOON, created_by="=clara")
    text = clerk.get(f"{draft_of(account)}csv/").content.decode()
    assert "'=cmd" in text and ",=cmd" not in text and "2026-10-03 =1+1" in text
    assert clerk.get(f"{draft_of(account)}pdf/").content.startswith(b"%PDF-")
    assert "<img" not in clerk.get(draft_of(account)).content.decode()


def text_of(content: bytes) -> str:
    """What stands in a PDF of ours."""
    parts = re.findall(rb"stream\r?\n(.*?)endstream", content, re.DOTALL)
    text = b" ".join(
        zlib.decompress(base64.a85decode(part.strip(), adobe=False))
        for part in (one.removesuffix(b"~>\n").strip().removesuffix(b"~>") for one in parts)
    ).decode("latin-1")
    return text.replace("\\(", "(").replace("\\)", ")")


def test_the_pdf_says_what_the_page_says(clerk, statement) -> None:
    response = clerk.get(f"{LIST}{statement.pk}/pdf/")
    assert response["Content-Type"] == "application/pdf" and ".pdf" in response["Content-Disposition"]
    text = text_of(response.content)
    for words in ("Statement 2026-10, USD", "Acme Robotics", "0.00900 USD", "support bot", "2026-10-04", "2026-11-02 09:00 UTC"):
        assert words in text
    assert "cannot print" not in text
    assert clerk.get(f"{LIST}{statement.pk}/pdf/").content == response.content, "the same each time"


def test_the_pdf_prints_what_it_can_of_a_name_and_says_so(clerk, account) -> None:
    for name, printed in (("Łosoś Gdańsk", "Losos Gdansk"), ("Ősi", "Osi"), ("Акме", "????"), ("東京", "??")):
        Account.objects.update(name=name)
        text = text_of(clerk.get(f"{draft_of(account)}pdf/").content)
        assert printed in text and "cannot print" in text and name in clerk.get(f"{draft_of(account)}csv/").content.decode()


# Corrections -----------------------------------------------------------------------------------------------------------
CREDIT = {"kind": "credit", "amount": "0.002", "currency": "USD", "reason": "The outage of the 3rd", "at": "2026-10-03"}


def send(clerk: Client, account: Account, **values: str) -> str:
    return unescape(clerk.post(f"{LIST}of/{account.pk}/correct/", {**CREDIT, **values}, follow=True).content.decode())


def test_a_credit_is_a_line_of_its_month(clerk, account) -> None:
    assert "-0.00200 USD was written down: The outage of the 3rd" in send(clerk, account)
    page = read(clerk, draft_of(account))
    assert "0.00700 USD" in page.text and "The outage of the 3rd" in page.text
    row = Adjustment.objects.get()
    assert (row.created_by, row.at) == ("clara", datetime(2026, 10, 2, 22, tzinfo=UTC))
    send(clerk, account, kind="owed", at="")
    assert Adjustment.objects.latest("pk").amount > 0
    assert list(AuditEntry.objects.values_list("act", flat=True)) == ["correct what is owed"] * 2


def test_today_may_be_written_though_its_month_began_before_a_closing(clerk, statement, account) -> None:
    send(clerk, account, at="2026-11-02")
    assert Adjustment.objects.get().at == datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"amount": "0"}, "greater than or equal to 0.00001"),
        ({"amount": "-5"}, "greater than or equal to 0.00001"),
        ({"amount": "0.000001"}, "no more than 5 decimal places"),
        ({"amount": "1e20"}, "no more than"),
        ({"amount": "Infinity"}, "Enter a number."),
        ({"currency": "usd"}, "Did you mean USD?"),
        ({"reason": ""}, "This field is required."),
        ({"at": "2026-10-03"}, "October 2026 is closed"),
        ({"at": "2026-12-24"}, "not in the future"),
        ({"at": "soon"}, "Write a day as 2026-12-01"),
        ({"kind": "gift"}, "not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(clerk, statement, account, values, words) -> None:
    assert words in send(clerk, account, **{"at": "", **values})
    assert not Adjustment.objects.exists()


# Who, and how much -----------------------------------------------------------------------------------------------------
def test_who_may_look_and_not_act_sees_no_door(account, statement) -> None:
    looks = person("leo", roles.SUPPORT)
    looks.user_permissions.add(*roles.permissions(apps, ("cdr.view_statement",)))
    client = signed_in(looks)
    for address in (f"{LIST}of/{account.pk}/", draft_of(account, "2026-11"), LIST):
        assert not any(link.endswith(("/close/", "/correct/")) for link in read(client, address).links)
    assert client.post(f"{draft_of(account, '2026-11')}close/").status_code == 403
    assert client.post(f"{LIST}of/{account.pk}/correct/", CREDIT).status_code == 403


def test_the_queries_of_a_page_do_not_grow(clerk, account, django_assert_max_num_queries) -> None:
    for number in range(12):
        charged(NOON + timedelta(days=number), account=f"Account {number}", gateway=f"pbx-{number + 5}")
        charged(NOON + timedelta(days=number))
    for address, most in ((draft_of(account), 13), (f"{LIST}open/", 11), (f"{LIST}of/{account.pk}/", 24), (LIST, 13)):
        with django_assert_max_num_queries(most):
            read(clerk, address)
    for owner in Account.objects.exclude(pk=account.pk):
        close_statement(owner, "USD", date(2026, 10, 1), CLARA)
    with django_assert_max_num_queries(13):
        assert len(read(clerk, LIST).rows) == 13


def test_a_list_is_narrowed_by_a_statement_or_by_nothing(clerk, account) -> None:
    everything = StreamDetail.objects.count()
    assert len(listed(clerk, "/admin/cdr/streamdetail/").result_list) == everything == 3
    for text in (
        "x",
        f"{account.auth_id}.USD.2026-13",
        f"{account.auth_id}.USD",
        "MA000.USD.2026-10",
        f"{account.auth_id}.USD.2026-10.day-x",
    ):
        answer = clerk.get(f"/admin/cdr/streamdetail/?statement={text}")
        assert answer.status_code == 400 and "is no statement" in answer.content.decode()
