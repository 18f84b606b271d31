"""Planted secrets, looked for wherever somebody may look: pages, exports, downloads, audit entries, rows, log lines, error pages.

What travels (Redis, files of the database, logs of all processes) is searched by tests/journeys/test_secrets.py."""

import base64
import io
import logging
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils import timezone
from django.views.debug import technical_500_response

from cdr import exports, roles
from cdr.alert_rows import AlertChannel
from cdr.models import AuditEntry, Export, UrlTest
from cdr.sign_in import second_factor
from config.json_lines import JsonLines
from config.scrubbed_logs import ScrubbedFormatter
from streams.calls.spool import Spool
from streams.models import Application, Callback, CallbackAttempt, Gateway, Stream
from streams.pure.call.notes import CallFacts, Note
from streams.pure.lifecycle import EventKind
from streams.pure.messages import StreamRequest
from tests.cdr.admin.asked_often import known_people, without_sections
from tests.cdr.admin.asked_rights import Rights, has, noted
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.admin.every_page import a_link, addresses, rows
from tests.cdr.same_thread import draw_in_this_thread
from tests.streams.rows import main_token

pytestmark = pytest.mark.django_db

SIGNING, HEADER, IN_URL, USERINFO, IN_XML = "c4nary-signing-token", "c4nary-header", "c4nary-in-url", "c4nary-userinfo", "c4nary-in-xml"
PASSWORD, REDIS = "c4nary-gateway-password", "c4nary-redis"
URL = f"https://{USERINFO}:pw@hooks.example.com/x?token={IN_URL}&lang=en#{IN_URL}"
XML = f'<Response><Stream extraHeaders="X-Token={IN_XML}" statusCallbackUrl="{URL.replace("&", "&amp;")}">wss://b.example/?k={IN_XML}</Stream></Response>'


class Planted:
    """`sealed`: nobody reads them anywhere. `in_urls`: those who may see secrets read them on pages."""

    def __init__(self) -> None:
        call = rows()
        self.stream = call.streams.first()
        account, gateway = call.account, Gateway.objects.get()
        gateway.signing_token = SIGNING
        gateway.set_password(PASSWORD)
        gateway.save()
        self.application = Application.objects.create(account=account, name="planted", answer_xml=XML)
        Application.objects.create(account=account, name="fetched", answer_url=URL)
        urls = {"service_url": URL.replace("https", "wss"), "status_callback_url": URL}
        Stream.objects.update(extra_headers=f"X-Token={HEADER}", end_details=f"The service answered HTTP 302 (redirect to {URL}).", **urls)
        channel = AlertChannel.objects.get()
        channel.url, channel.secret = f"https://hooks.slack.com/services/{SIGNING}", f"{SIGNING}-of-alerts"
        channel.save()
        Callback.objects.update(url=URL)
        for callback in Callback.objects.all():
            error = f"The endpoint answered 302, a redirect to {URL}."
            CallbackAttempt.objects.get_or_create(
                callback=callback, number=9, defaults={"started_at": timezone.now(), "duration_ms": 1, "error": error}
            )
        UrlTest.objects.update(url=URL.replace("https", "wss"))
        app = second_factor.begin(User.objects.get(username="owner"))
        self.codes = second_factor.new_recovery_codes(app.user)
        self.token = main_token(account)
        self.sealed = (SIGNING, HEADER, IN_XML, PASSWORD, self.token, app.sealed_key, second_factor.secret_words(app), *self.codes)
        self.in_urls = (IN_URL, USERINFO)


@pytest.fixture
def planted() -> Planted:
    return Planted()


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Every line as the processes write it."""
    lines: list[str] = []
    handler = logging.Handler()
    formatters = ScrubbedFormatter("{message}", style="{"), JsonLines()
    handler.emit = lambda record: lines.extend(formatter.format(record) for formatter in formatters)  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)


def body(response: Any) -> str:
    return (b"".join(response.streaming_content) if response.streaming else response.content).decode("utf-8", "replace")


def is_read(response: Any) -> bool:
    """A page, or a file that is not streamed from another thread (a debug log, which is made of the lines of its page)."""
    return response.status_code == 200 and not getattr(response, "is_async", False)


def found(text: str, canaries: tuple[str, ...]) -> list[str]:
    return [canary for canary in canaries if canary in text or quote(canary) in text]


def test_no_page_shows_any_to_who_may_not_see_secrets(planted: Planted, logged: list[str]) -> None:
    """A page is drawn once for people with the same rights in all that it asks about them. Administrators see urls, and a sealed secret in
    the form alone that changes it."""
    drawn: dict[str, list[Rights]] = {}
    page = f"/admin/streams/application/{planted.application.pk}/change/"
    form, seen = page.replace("/change/", "/edit/"), ""
    for role in (roles.OPERATOR, roles.SUPPORT, roles.BILLING, roles.ADMINISTRATOR):
        user = person(role.lower(), role)
        client, sees_urls = signed_in(user), role == roles.ADMINISTRATOR
        with known_people(), without_sections():
            for name, path in {**addresses(user), "planted": page}.items():
                if path == form or any(has(user, rights) for rights in drawn.get(name, [])):
                    continue
                with noted(user) as rights:
                    response = client.get(path)
                    text = body(response) if is_read(response) else ""
                drawn.setdefault(name, []).append(rights)
                assert not found(text, planted.sealed if sees_urls else (*planted.sealed, *planted.in_urls)), (role, path)
                seen += text if sees_urls else ""
            assert not sees_urls or (IN_URL in seen and IN_XML in body(client.get(form)))
    assert not found("\n".join(logged), (*planted.sealed, *planted.in_urls))


def test_no_link_shows_any_to_who_has_it(planted: Planted, logged: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    draw_in_this_thread(monkeypatch)
    link = f"/shared/{a_link(planted.stream, User.objects.create_superuser('anna'))}/"
    page = body(Client().get(link))
    assert str(planted.stream.uuid) in page and "hooks.example.com" in page
    assert not found(page, (*planted.sealed, *planted.in_urls)) and link not in "\n".join(logged)


def test_who_only_looks_at_an_application_sees_its_xml_without_them(planted: Planted) -> None:
    page = body(signed_in(person("sue", roles.SUPPORT)).get(f"/admin/streams/application/{planted.application.pk}/change/"))
    assert "X-Token" not in page and "(hidden)" in page and not found(page, (IN_XML, IN_URL, USERINFO))


@pytest.mark.parametrize("look", ["q", "answer_url", "answer_url__contains", "answer_xml__startswith", "auth_tokens__digest__startswith"])
def test_no_list_is_narrowed_by_one(planted: Planted, look: str) -> None:
    client = signed_in(person("sue", roles.SUPPORT))
    for section in ("application", "account", "gateway"):
        right, wrong = (client.get(f"/admin/streams/{section}/", {look: text}) for text in (IN_URL[:5], "x" + IN_URL[:5]))
        assert right.status_code == wrong.status_code and body(right).count("<tr>") == body(wrong).count("<tr>")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("sees", [False, True])
def test_an_export_shows_values_of_urls_to_who_may_see_them_only(planted: Planted, form: str, sees: bool) -> None:
    user = person("olga", roles.OPERATOR)
    if sees:
        user.user_permissions.add(Permission.objects.get(codename="see_secrets"))
    export = Export.objects.create(owner=user, section="cdr_streamdetail", format=form)
    claimed = exports.claim_next()
    assert claimed and claimed.pk == export.pk
    exports.run(claimed)
    with exports.exports_storage().open(exports.kept_name(export), "rb") as kept:
        written = kept.read()
    text = written.decode() if form == "csv" else unzipped(written)
    assert bool(found(text, planted.in_urls)) == sees and "hooks.example.com" in text and not found(text, planted.sealed)


def unzipped(xlsx: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(xlsx)) as archive:
        return "".join(archive.read(name).decode() for name in archive.namelist())


def test_what_is_audited_of_a_change_holds_none(planted: Planted) -> None:
    client = signed_in(person("anna", roles.ADMINISTRATOR))
    other = XML.replace("b.example", "c.example")
    page = f"/admin/streams/application/{planted.application.pk}/change/"
    values = {"account": planted.application.account_id, "name": "planted", "answer_method": "POST"}
    assert client.post(page, {**values, "answer_xml": other, "answer_url": ""}).status_code == 302
    assert client.post(page, {**values, "answer_xml": "", "answer_url": f"https://hooks.example.com/x?token={IN_URL}"}).status_code == 302
    entries = [entry.details for entry in AuditEntry.objects.filter(subject="Acme Robotics: planted")]
    assert len(entries) == 2 and "SHA-256" in str(entries) and "token=***" in str(entries)
    assert not found(every_row(), (IN_XML, SIGNING, PASSWORD)) and not found(str(entries), planted.in_urls)
    with connection.cursor() as cursor:
        cursor.execute("SELECT change_message FROM django_admin_log")
        assert not found(str(cursor.fetchall()), (*planted.sealed, *planted.in_urls))


def test_no_row_of_any_table_has_a_sealed_one(planted: Planted) -> None:
    assert not found(every_row(), planted.sealed)


def every_row() -> str:
    told = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            told.append(str(cursor.fetchall()))
    assert len(told) > 20
    return "\n".join(told)


async def test_what_waits_on_disk_for_the_database_holds_none(planted: Planted, tmp_path: Path) -> None:
    spool, facts = Spool(tmp_path, "0" * 32), CallFacts(uuid4(), 1, 1, 1, IN_URL, USERINFO, "inbound", "", 1_700_000_000.0)
    request = asdict(StreamRequest(URL, extra_headers=f"X-Token={HEADER}", status_callback_url=URL))
    spool.note(facts, Note(1, EventKind.STREAM_REQUESTED, 1_700_000_000.0, stream_id=uuid4(), details={"request": request}))
    spool.note(facts, Note(2, EventKind.CALL_ANSWERED, 1_700_000_000.0, details={"document": XML}))
    assert await spool.stop(30)
    (file,) = tmp_path.iterdir()
    written = file.read_bytes().decode("latin-1")
    assert len(written) > 1000 and not found(written, (*planted.sealed, *planted.in_urls, HEADER, facts.call_id.hex, str(facts.call_id)))


def test_an_error_page_shows_none(planted: Planted, settings: Any, rf: RequestFactory) -> None:
    """DEBUG=1, on somebody's own machine: still a page that is copied into a ticket."""
    settings.DEBUG = True
    settings.REDIS_URL = f"redis://:{REDIS}@localhost/0"
    request: HttpRequest = rf.post("/v1/", {"auth_token": planted.token, "url": URL}, headers={"Authorization": f"Basic {planted.token}"})
    try:
        token, url, stream = planted.token, URL, planted.stream
        raise RuntimeError(f"broke {len(token)} {len(url)} {stream.pk}")
    except RuntimeError as error:
        page = technical_500_response(request, type(error), error, error.__traceback__).content.decode()
    assert "broke" in page and not found(page, (*planted.sealed, *planted.in_urls, REDIS, settings.SECRETS_KEYS[0]))


def test_an_error_s_log_line_shows_none_of_a_url_or_a_path(planted: Planted, logged: list[str]) -> None:
    client = Client(raise_request_exception=False)
    client.get(f"/gateway/asterisk/pbx-1/{PASSWORD}/?password={PASSWORD}")
    client.get(f"/gatway/{PASSWORD}")
    client.get(f"/{PASSWORD}/?x=1")
    try:
        raise ValueError(f"no {URL}")
    except ValueError:
        logging.getLogger("streams").exception("It went to %s and broke.", URL)
    text = "\n".join(logged)
    assert "Not Found" in text and "Traceback" in text and "token=***" in text
    assert not found(text, (PASSWORD, *planted.in_urls))


def test_the_api_tells_an_account_no_token_and_no_secret_of_what_pages_show(planted: Planted) -> None:
    """(A stream itself is told whole to its account, as it was asked for.)"""
    account, stream = planted.application.account, CallbackAttempt.objects.filter(number=9)[0].callback.stream
    login = base64.b64encode(f"{account.auth_id}:{planted.token}".encode()).decode()
    of_stream = f"Call/{stream.call.uuid}/Stream/{stream.uuid}/"
    for path in ("", "Statements/", "Usage/", f"{of_stream}Events/?limit=100", f"{of_stream}Callbacks/"):
        answer = Client().get(f"/v1/Account/{account.auth_id}/{path}", headers={"Authorization": f"Basic {login}"})
        assert answer.status_code == 200 and not found(body(answer), (*planted.sealed, *planted.in_urls)), path
        assert not path.startswith("Call/") or answer.json()["objects"]
