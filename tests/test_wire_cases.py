"""Cases from the wire: inputs that people were seen to send, as they sent them, and what comes of them. Here stand those that no module's
own test holds: numbers in the list of calls and in the API, and the URLs of callbacks and services as a server sees them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from plivo.utils import validate_signature
from plivo.utils.signature_v3 import validate_v3_signature

from streams.calls.answer_fetch import fetch_answer
from streams.models import Account, Call
from streams.pure.callback.form_request import signed_form
from tests.cdr.admin.reading import read
from tests.cdr.api.customers import basic
from tests.streams.customer_services import SETTINGS, dialled, service
from tests.streams.fetch.test_request import LOOPBACK, asked, head
from tests.streams.name_server import looking_up, name_server
from tests.streams.raw_server import serving
from tests.streams.rows import main_token

TOKEN, NONCE = "testAuthToken0123456789", "0123456789"
PARAMETERS = [("CallUUID", "261dee84-adde-41c1-ac42-625d5e50dd7a"), ("Event", "StartStream"), ("Error", "")]


# Numbers ---------------------------------------------------------------------------------------------------------------------
CALLS = {
    "00442079460123": ["+44 20 7946 0123", "442079460123", "0044 (0)20 7946-0123"],
    "442079461234": ["020 7946 1234", "(020) 7946 1234"],
    "4915112345678": ["0151 12345678", "+49 (0)151 12345678"],
    "14155557123": [
        *("\u2068+1 415-555-7123\u2069", "+1\xa0415\u2011555\u20117123", "+1\ufe0d-415-555-7123", "sip:+14155557123@pbx.example"),
        *("+1 415 555 7123 ext. 5", "+1 415 555 7123", "+1\u200b4155557123", "＋１ ４１５ ５５５ ７１２３", "tel:+1-415-555-7123;ext=5"),
    ],
    "Anonymous": ["anonymous", "ANONYMOUS"],
    "ACMEBANK": ["acmebank", "AcmeBank"],
    "sips:+14155557125@sbc.example.com": ["+14155557125", "415-555-7125", "sip:14155557125@other.example:5061;user=phone"],
    '"Bob" <sip:bob@example.com>': ["bob@example.com", "SIP:BOB@example.com", "<sip:bob@example.com>"],
}
TYPED = [(stored, typed) for stored, texts in CALLS.items() for typed in texts]


@pytest.fixture
def account(db: None) -> Account:
    """Of no country, as each was before there were any."""
    account, now = Account.objects.create(name="Acme"), timezone.now()
    for number in CALLS:
        ended = {"state": "ended", "started_at": now - timedelta(minutes=2), "ended_at": now - timedelta(minutes=1)}
        Call.objects.create(account=account, from_number=number, to_number="18005550100", **ended)
    return account


@pytest.mark.parametrize(("stored", "typed"), TYPED)
def test_the_call_is_found_in_the_list_and_no_other(account: Account, stored: str, typed: str) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    assert [row[1] for row in read(client, f"/admin/cdr/calldetail/?q={quote(typed)}").rows[1:]] == [stored]


@pytest.mark.parametrize(("stored", "typed"), [pair for pair in TYPED if pair[1] != "415-555-7125"])
def test_the_call_is_listed_by_the_api_and_no_other(account: Account, stored: str, typed: str) -> None:
    """Where a number without + and 0 is its beginning."""
    login = basic(account.auth_id, main_token(account))
    answer: Any = Client().get(f"/v1/Account/{account.auth_id}/Call/", {"from_number": typed}, headers={"Authorization": login})
    assert [call["from_number"] for call in answer.json()["objects"]] == [stored]


# URLs as the server sees them ------------------------------------------------------------------------------------------------
HARD = "a=x%20y&b=c+d&sip=sip:a@b&empty=&a=2"


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize(
    ("host", "tail"),
    [("127.0.0.1", ""), ("127.0.0.1", f"/cb?{HARD}"), ("127.0.0.1", f"/cb?{HARD}&u=%C3%BC"), ("voice_bot", "/cb"), ("Voice_Bot.", "/cb")],
)
def test_the_published_validators_accept_a_callback_by_what_the_server_sees(method: str, host: str, tail: str) -> None:
    with serving(head) as server:
        request = signed_form(method, f"http://{host}:{server.port}{tail}", PARAMETERS, (TOKEN,), NONCE)
        sent = {"method": method, "body": request.body, "headers": request.headers, "deadline_seconds": 10}
        reply = asked(request.url, **sent, resolve=lambda *_: ["127.0.0.1"])
    first, *lines = reply.body.decode().partition("\r\n\r\n")[0].split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    seen = f"http://{headers['host']}{first.split()[1]}"
    assert validate_signature(seen, NONCE, headers["x-plivo-signature-v2"], TOKEN)
    if "%C3" in seen:
        return  # Plivo's own V3 validator cannot encode an umlaut of a query.
    form = dict(PARAMETERS) if method == "POST" else {}
    assert validate_v3_signature(method, seen, NONCE, TOKEN, headers["x-plivo-signature-v3"], form)


def test_an_answer_url_without_a_path_is_signed_with_one() -> None:
    with serving(head) as server:
        fetched = fetch_answer(
            f"http://127.0.0.1:{server.port}", "POST", parameters=PARAMETERS, auth_tokens=(TOKEN,), reach=LOOPBACK, timeout_seconds=10
        )
    request, _, body = fetched.document.decode().partition("\r\n\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in request.split("\r\n")[1:])}
    seen, form = f"http://{headers['host']}/", dict(parse_qsl(body, keep_blank_values=True))
    assert request.startswith("POST / HTTP/1.1") and form == dict(PARAMETERS)
    assert validate_signature(seen, headers["x-plivo-signature-v2-nonce"], headers["x-plivo-signature-v2"], TOKEN)
    nonce = headers["x-plivo-signature-v3-nonce"]
    assert validate_v3_signature("POST", seen, nonce, TOKEN, headers["x-plivo-signature-v3"], form)


@pytest.mark.parametrize("name", ["voice_bot", "my-stack_voice-bot_1", "bot.internal."])
async def test_a_service_is_dialled_by_a_name_as_docker_gives_it(name: str) -> None:
    with name_server({name.rstrip("."): ["127.0.0.1"]}) as server, looking_up(server) as lookup:
        async with service() as url:
            customer = await dialled(url.replace("127.0.0.1", name), replace(SETTINGS, look_up=lookup.addresses))
            assert customer.address == "127.0.0.1"
            await customer.close(1000, "", 2)
