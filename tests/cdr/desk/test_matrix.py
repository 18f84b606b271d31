"""Every address of the desk, found from its URL patterns, asked by somebody of one account with the keys and words of another: nothing of
it is seen, counted or inferred.

What is another's is answered as what does not exist; and the same question has the same answer, byte for byte, whether the other account
has any rows or not."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cdr import live
from cdr.desk import desk
from cdr.desk.search import searched
from cdr.desk_scope import scope_of
from cdr.member_rows import Role
from cdr.models import CallDetail, StreamDetail
from cdr.pure import keyset
from cdr.pure.log.filter import LogFilter
from streams.models import Account, Call, Callback, Stream
from tests.cdr.admin.asked_often import known_people
from tests.cdr.admin.every_page import patterns
from tests.cdr.desk import two_accounts
from tests.cdr.desk.every_address import keys_of, kinds_of, routes, with_key
from tests.cdr.desk.two_accounts import CANARY, OTHER, OTHER_HOST, OTHER_NUMBER, OWN, SHARED_UUID, at_desk, marks

pytestmark = pytest.mark.django_db

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
NOWHERE = {
    "invitation": "MA00000000000000000X/0123456789abcdef01234567",
    "application": "0123456789abcdef01234567",
    "token": "MA00000000000000000X/0123456789abcdef01234567",
    "auth id": "MA00000000000000000X",
    "statement": "MA00000000000000000X/USD/2024-11",
    "uuid": "5ea1ed00-0000-4000-8000-0000000000ff",
    "number": "987654321",
    "message": f"{CANARY}-none",
}
RANDOM = re.compile(r'name="(?:csrfmiddlewaretoken|mark)" value="[^"]*"')


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A manager of the one account. The clock stands still, for answers that are compared."""
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    two_accounts.own_rows()
    with known_people():
        yield at_desk(role=Role.MANAGER)


def named() -> dict[str, Any]:
    """Every address by its name, but the one that catches all that is none."""
    return {name: pattern for name, pattern in patterns(desk.get_urls()).items() if not name.startswith("^")}


def body(response: Any) -> str:
    """Without what is new in each answer."""
    if response.streaming or response["Content-Type"] == "application/pdf":
        return ""
    return RANDOM.sub("", response.content.decode())


def sign_of(response: Any) -> tuple[int, str, str]:
    return response.status_code, response.get("Location", ""), body(response)


def questions() -> list[str]:
    """What may be asked of a list in its address, with every word of the other account that somebody may guess."""
    words = [OTHER, OTHER_HOST, OTHER_NUMBER, OTHER_NUMBER[-4:], f"{CANARY} application", f"{CANARY}-pbx", "bot.", "bot.example.com"]
    words += [f"wss://{OTHER_HOST}:8443/in", f"{OTHER_NUMBER} 14:02", str(SHARED_UUID)]
    asked = [("q", word) for word in words]
    asked += [("q", "bot.example"), ("host", "bot.example"), ("application", "support")]
    asked += [("host", OTHER_HOST), ("host", "bot"), ("application", CANARY), ("application", "support bot"), ("gateway", f"{CANARY}-pbx")]
    asked += [("account", OTHER), ("account", Account.objects.get(name=OWN).auth_id), ("account__name__startswith", "C")]
    asked += [("streams__service_url__contains", CANARY), ("stream__call__from_number__startswith", OTHER_NUMBER)]
    asked += [("_popup", "1"), ("_to_field", "uuid"), ("o", "1.-2"), ("p", "1"), ("all", ""), ("totals", "1"), ("statement", "x")]
    asked += [("reason", "Call ended"), ("state", "live"), ("state", "pending"), ("cause", "customer_closed"), ("code", "1011")]
    return [urlencode([pair]) for pair in asked]


def test_every_address_is_one_that_is_meant(client) -> None:
    """An address that comes along with a class that is derived from shows up here."""
    lists = {
        f"{section}_{page}"
        for section in ("cdr_calldetail", "cdr_streamdetail")
        for page in ("changelist", "change", "debug_log", "debug_log_txt", "debug_log_jsonl")
    }
    lists |= {f"{section}_{page}" for section in ("cdr_calldetail", "cdr_streamdetail") for page in ("exports", "file", "columns")}
    lists |= {
        "streams_callback_changelist",
        "streams_callback_change",
        "streams_callback_resend",
        "cdr_streamdetail_stop",
        "cdr_streamdetail_recording",
        "cdr_streamdetail_recording_flac",
    }
    lists |= {f"streams_application_{page}" for page in ("changelist", "change", "edit")}
    lists |= {f"cdr_membership_{page}" for page in ("changelist", "change", "invite", "revoke")}
    lists |= {f"streams_authtoken_{page}" for page in ("changelist", "change", "new", "revoke")}
    lists |= {f"cdr_urltest_{page}" for page in ("changelist", "change", "ask")}
    lists |= {f"cdr_statement_{page}" for page in ("changelist", "change", "of", "csv", "pdf")}
    entry = {"index", "find", "login", "login_code", "logout", "second_factor", "own_sessions", "own_time_zone"}
    entry |= {"password_change", "password_change_done"}
    assert set(named()) == lists | entry
    for path in ("jsi18n/", "autocomplete/?app_label=cdr", "r/1/1/", "cdr/", "calls/1/history/", "calls/add/", "calls/1/delete/"):
        assert client.get(f"/desk/{path}").status_code == 404, path


def test_what_is_another_s_is_answered_as_what_is_not_there(client) -> None:
    two_accounts.other_rows()
    keys = keys_of(OTHER)
    for name, route in routes().items():
        for kind, key in ((kind, keys[kind]) for kind in kinds_of(route)):
            missing = NOWHERE[kind if kind in NOWHERE else "uuid" if "-" in key else "number"]
            for method in ("get", "head", "post", "options"):
                theirs, nobodys = (getattr(client, method)(with_key(route, one)) for one in (key, missing))
                assert theirs.status_code == nobodys.status_code >= 400, (name, method, kind)
                assert body(theirs).replace(f"/{key}/", "") == body(nobodys).replace(f"/{missing}/", ""), (name, method, kind)


def test_no_number_of_a_table_leads_anywhere(client) -> None:
    """Not even to one's own: by trying numbers nobody learns how many rows the platform has."""
    own = keys_of(OWN)
    numbered = [(route, kind) for route in routes().values() for kind in kinds_of(route) if kind.endswith("number")]
    assert len(numbered) > 12
    for route, kind in numbered:
        for method in ("get", "post"):
            answer = getattr(client, method)(with_key(route, own[kind]))
            assert answer.status_code == (405 if method == "post" and answer.status_code == 405 else 404), (route, kind, method)
    asked = client.get(f"/desk/url-tests/{own['auth id']}/ask/", {"stream": own["stream number"]}).content.decode()
    assert (
        own["stream"] not in asked
        and own["stream"] in client.get(f"/desk/url-tests/{own['auth id']}/ask/", {"stream": own["stream"]}).content.decode()
    )


def test_who_belongs_to_both_tells_calls_of_one_uuid_apart_by_their_accounts(client) -> None:
    two_accounts.other_rows()
    assert client.get(f"/desk/calls/{SHARED_UUID}/").status_code == 200
    theirs = f"/desk/calls/{SHARED_UUID}_{two_accounts.account(OTHER).auth_id}/"
    assert client.get(theirs).status_code == client.get(theirs + "debug-log/").status_code == 404
    two_accounts.member(OTHER)
    listed = client.get(f"/desk/calls/{SHARED_UUID}/", follow=True).content.decode()
    for name in (OWN, OTHER):
        call = f"/desk/calls/{SHARED_UUID}_{two_accounts.account(name).auth_id}/"
        assert call in listed and name in client.get(call).content.decode()
        log = client.get(f"{call}debug-log/").content.decode()
        assert f'data-path="/desk/live/call/{call.split("/")[3]}/"' in log
        assert client.get(f"{call}debug-log/txt/").status_code == 200
        kind = live.OpenLog("call", call.split("/")[3], client.session.session_key or "", LogFilter(), at_desk=True)
        assert live.may_read(kind) and re.fullmatch(r"[-\w]+", kind.key)


def test_no_answer_has_a_word_of_it(client) -> None:
    """With every own key, and every method."""
    two_accounts.other_rows()
    forbidden, own = marks(), keys_of(OWN)
    for name, route in routes().items():
        for number, path in enumerate(with_key(route, key) for key in [*(own[kind] for kind in kinds_of(route)), str(SHARED_UUID)]):
            answers = [client.get(path), *([] if "<" in route else [client.get(path, {"account": "C", "q": "14:02"})])]
            answers += [getattr(client, method)(path) for method in METHODS[1:] if name != "logout" and number == 0]
            for answer in answers:
                text = body(answer) + str(answer.headers)
                assert not [mark for mark in forbidden if mark in text], path
                assert "/admin/" not in text.replace("/static/admin/", "") and answer.status_code < 500, path


@pytest.mark.parametrize("searched_in", ["calls", "streams"])
def test_no_index_of_hosts_answers_who_looks_for_one(client, searched_in) -> None:
    """How quick it is, and what a database knows of how many there are of a host, is of all accounts together."""
    scope = scope_of(User.objects.get(username="carla"))
    assert scope is not None
    rows: Any = scope.rows(Call if searched_in == "calls" else Stream)
    plan = searched(scope, rows, OTHER_HOST).explain()
    assert "stream" in plan and "host" not in plan, plan


@pytest.mark.parametrize("searched_in", ["calls", "streams"])
def test_a_number_is_looked_for_by_the_keys_of_one_s_own_calls_that_have_it(client, searched_in) -> None:
    """Left to choose, a database goes through all of the account's, newest first, for a number that none of them has."""
    scope = scope_of(User.objects.get(username="carla"))
    assert scope is not None
    two_accounts.other_rows()
    rows: Any = scope.rows(Call if searched_in == "calls" else Stream)
    own = Call.objects.filter(account__name=OWN)[0]
    query = searched(scope, rows, own.from_number)
    assert "WHERE" in str(query.query) and "from_key" not in str(query.query).split("WHERE")[1]
    assert own.pk in {getattr(row, "call_id", row.pk) for row in query}
    assert list(searched(scope, rows, OTHER_NUMBER)) == []


def test_the_same_question_has_the_same_answer_whether_the_other_is_there_or_not(client) -> None:
    """So nothing is counted, offered, or found by way of it."""
    lists = [route for name, route in routes().items() if name.endswith("changelist")]
    narrowed = ("/desk/calls/", "/desk/streams/", "/desk/callbacks/")  # the others refuse each question before they read a row
    asked = [f"{path}?{question}" for path in lists for question in ("", *(questions() if path in narrowed else ("q=x", "account=x")))]
    own = keys_of(OWN)
    read_here = [route for name, route in routes().items() if "<" in route and not name.endswith(("_txt", "_jsonl", "_pdf"))]
    pages = [with_key(route, own[kind]) for route in read_here for kind in kinds_of(route)]
    before = {path: sign_of(client.get(path)) for path in [*asked, *pages]}
    assert {200, 400, 404} == {status for status, _, _ in before.values()}
    before = {path: answer for path, answer in before.items() if answer[0] != 404}
    two_accounts.other_rows()
    for path, answer in before.items():
        assert sign_of(client.get(path)) == answer, path


TIMES: dict[str, tuple[Any, str, str]] = {
    "calls": (Call, "started_at", "uuid"),
    "streams": (Stream, "requested_at", "uuid"),
    "callbacks": (Callback, "created_at", "message_id"),
}


@pytest.mark.parametrize("path", TIMES)
def test_a_place_in_a_list_is_worth_nothing_of_another_s(client, path) -> None:
    """And one that nobody has leads to the same page."""
    two_accounts.other_rows()
    model, time, name = TIMES[path]
    row = model.objects.filter(account__name=OTHER)[0]
    at: datetime = getattr(row, time)
    nobodys = {"uuid": NOWHERE["uuid"], "message_id": NOWHERE["message"]}[name]
    when = keyset.written(keyset.Place(at, key=row.pk)).partition("_")[0]
    for word in ("before", "after"):
        answers = [client.get(f"/desk/{path}/", {word: f"{when}_{known}"}) for known in (getattr(row, name), nobodys, row.pk)]
        assert [answer.status_code for answer in answers] == [200] * 3
        assert body(answers[0]).replace(str(getattr(row, name)), "") == body(answers[1]).replace(nobodys, "")
        assert not [mark for mark in marks() if mark in body(answers[2]).replace(str(row.pk), "")]


@pytest.mark.parametrize("path", TIMES)
def test_its_pages_lead_through_all_rows_and_no_address_has_a_key(client, path, monkeypatch) -> None:
    model, _, name = TIMES[path]
    model.objects.filter(account__name=OWN).update(**({TIMES[path][1]: timezone.now()} if path == "streams" else {}))
    monkeypatch.setattr(type(desk.get_model_admin({Call: CallDetail, Stream: StreamDetail}.get(model, model))), "list_per_page", 1)
    seen, address = [], f"/desk/{path}/"
    while address:
        page = client.get(address)
        seen += [row.pk for row in page.context_data["cl"].result_list]
        older = page.context_data["cl"].older
        assert not older or older.partition("_")[2] in {str(known) for known in model.objects.values_list(name, flat=True)}
        address = f"/desk/{path}/{older}" if older else ""
    assert len(seen) == len(set(seen)) == model.objects.count()
    assert client.get(f"/desk/{path}/{page.context_data['cl'].newer}").context_data["cl"].result_list[0].pk == seen[-2]


def test_what_a_manager_does_a_viewer_is_refused() -> None:
    """Whatever takes a POST, but for what is about oneself: found from the addresses, and by the keys of own rows."""
    two_accounts.own_rows()
    viewer, own = at_desk(name="victor"), keys_of(OWN)
    refused = set()
    for name, route in routes().items():
        answers = {viewer.post(with_key(route, own[kind])).status_code for kind in kinds_of(route)}
        assert answers <= {403, 404, 405}, name
        refused |= {name} if 403 in answers else set()
    lists: Any = desk._registry.values()
    assert refused == {f"{known.section}_{act}" for known in lists for act in known.ACTS}
