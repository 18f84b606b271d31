"""A manager tests a service URL: as the console does, through the same guard, so often a minute for the whole account, and audited."""

import pytest
from django.test import Client

from cdr import url_tests
from cdr.desk.records import name_of_row
from cdr.member_rows import Role
from cdr.models import AuditEntry, UrlTest, UrlTestState
from cdr.tasks import run_url_tests
from streams.guard import Reach
from streams.models import Account, Application, Stream
from tests.cdr.desk.two_accounts import OTHER, OWN, at_desk, member, other_rows, own_rows

pytestmark = pytest.mark.django_db
CONTENT_TYPE = "audio/x-mulaw;rate=8000"


@pytest.fixture
def manager() -> Client:
    own_rows()
    return at_desk(role=Role.MANAGER)


def form(url: str = "ws://127.0.0.1:1029/in?key=s3cret", **more: str) -> dict[str, str]:
    return {"url": url, "content_type": CONTENT_TYPE, **more}


def ask_at(account: str = OWN) -> str:
    return f"/desk/url-tests/{Account.objects.get(name=account).auth_id}/ask/"


def test_a_manager_asks_and_reads_what_the_service_did(manager, settings) -> None:
    answer = manager.post(ask_at(), form())
    page = answer["Location"]
    test = UrlTest.objects.get(state=UrlTestState.WAITING)
    assert page == f"/desk/url-tests/{test.call_id}/" and "waits for a worker" in manager.get(page).content.decode()
    run_url_tests()
    text = manager.get(page).content.decode()
    assert "Connection refused" in text and "s3cret" not in text and f'href="{ask_at()}"' in text
    assert f'href="{page}"' in manager.get("/desk/url-tests/").content.decode()
    entry = AuditEntry.objects.get(act="test a service URL")
    assert (entry.by, entry.subject) == ("carla (desk)", OWN) and "s3cret" not in str(entry.details)


def test_the_guard_says_what_may_be_dialled(manager, settings) -> None:
    """A customer finds nothing out about the operator's own network."""
    settings.DIAL_REACH = Reach()
    page = manager.post(ask_at(), form())["Location"]
    run_url_tests()
    assert "127.0.0.1 may not be dialled" in manager.get(page).content.decode()
    assert (UrlTest.objects.get(call_id=page.split("/")[-2]).report or {})["steps"] == {}


def test_its_application_and_its_stream_fill_the_form(manager) -> None:
    row, stream = Application.objects.get(), Stream.objects.all()[0]
    row.answer_xml = "<Response><Stream>wss://bot.example.com/?k=s3cret</Stream></Response>"
    row.save()
    Stream.objects.filter(pk=stream.pk).update(service_url="wss://bot.example.com/in?k=s3cret")
    door = f"{ask_at()}?application={name_of_row(row)}"
    assert f'href="{door}"' in manager.get(f"/desk/applications/{name_of_row(row)}/").content.decode()
    assert manager.get(door).context_data["form"].initial["url"] == "wss://bot.example.com/?k=s3cret"
    door = f"{ask_at()}?stream={stream.uuid}"
    assert f'href="{door}"' in manager.get(f"/desk/streams/{stream.uuid}/").content.decode()
    page = manager.get(door).content.decode()
    assert "s3cret" not in page
    seen = manager.get(door).context_data["form"].initial["url"]
    manager.post(ask_at(), form(seen, stream=str(stream.uuid)))
    assert UrlTest.objects.get(of_stream=stream).url == "wss://bot.example.com/in?k=s3cret"


def test_neither_the_form_nor_a_test_knows_of_another_account(manager) -> None:
    other_rows()
    theirs, row = Stream.objects.filter(account__name=OTHER)[0], Application.objects.filter(account__name=OTHER)[0]
    for named in (f"stream={theirs.uuid}", f"application={name_of_row(row)}"):
        assert "url" not in manager.get(f"{ask_at()}?{named}").context_data["form"].initial
    manager.post(ask_at(), form(stream=str(theirs.uuid), account=str(theirs.account_id)))
    test = UrlTest.objects.get(state=UrlTestState.WAITING)
    assert (test.account.name, test.of_stream) == (OWN, None)
    assert manager.post(ask_at(OTHER), form()).status_code == 404


def test_who_looks_at_one_account_and_manages_another_tests_for_that_alone(manager) -> None:
    other_rows()
    member(OTHER, name="carla")
    assert manager.post(ask_at(OTHER), form()).status_code == 403 and not UrlTest.objects.filter(state=UrlTestState.WAITING).exists()
    listed = manager.get("/desk/url-tests/").content.decode()
    assert ask_at(OWN) in listed and ask_at(OTHER) not in listed and "c4nary.example" not in listed
    assert at_desk(name="victor").get("/desk/url-tests/").status_code == 403


def test_an_account_has_so_many_a_minute_whoever_asks(manager) -> None:
    UrlTest.objects.all().delete()
    for number in range(url_tests.MOST_A_MINUTE):
        assert at_desk(role=Role.MANAGER, name=f"m{number}").post(ask_at(), form()).status_code == 302
    answer = manager.post(ask_at(), form())
    assert answer.status_code == 200 and "tests were asked for at the desk of Acme Robotics" in answer.content.decode()
    assert UrlTest.objects.count() == url_tests.MOST_A_MINUTE


@pytest.mark.parametrize("url", ["https://bot.example.com/", "", "wss://", "file:///etc/passwd", "wss://bot.example.com/" + "x" * 3000])
def test_what_is_no_service_url_is_said_at_the_field(manager, url) -> None:
    answer = manager.post(ask_at(), form(url))
    assert answer.status_code == 200 and answer.context_data["form"].errors["url"]
    assert not UrlTest.objects.filter(state=UrlTestState.WAITING).exists()


def test_what_the_operator_tested_is_the_operator_s(manager) -> None:
    test = UrlTest.objects.get()
    assert manager.get(f"/desk/url-tests/{test.call_id}/").status_code == 200
    UrlTest.objects.update(owner=None)
    assert manager.get(f"/desk/url-tests/{test.call_id}/").status_code == 404
