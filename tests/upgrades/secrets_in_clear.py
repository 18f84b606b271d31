"""What was kept in clear: after an upgrade it is sealed or a digest, goes on working, and is in the database's files no more.

Owns what is written before and judged afterwards; tests/test_upgrade.py upgrades."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from django_otp.oath import TOTP

from cdr.models import AuthenticatorApp
from cdr.sign_in import second_factor
from streams import control, tokens
from streams.control import pending_streams
from streams.models import Account, Application, AuthToken, Callback, ControlRequest, Gateway, SecretsKey, Stream, StreamEvent
from streams.pure.callback.parameters import as_sent
from streams.sealed import seal

OF_DJANGO_OTP = [("otp_totp", "0003_add_timestamps"), ("otp_static", "0003_add_timestamps")]
BEFORE = [("streams", "0021_when_a_call_was_heard_of_last"), ("cdr", "0016_outside_identities"), *OF_DJANGO_OTP]
PRESENT, OLD, ENDED = "Pr3sent-canary-token", "0ld-canary-token-xxxx", "3nded-canary-token-xx"
SIGNING, HEADERS, XML = (
    "S1gning-canary-token",
    "X-Token=H3aders-canary",
    '<Response><Stream extraHeaders="a=Xm1-canary">wss://b.example/</Stream></Response>',
)
KEY, CODE = "0123456789abcdef0123456789abcdef01234567", "c4nary2x"
CANARIES = (PRESENT, OLD, ENDED, SIGNING, "H3aders-canary", "Xm1-canary", KEY, CODE)
STREAMS = 3
OWNER = "b" * 32


def plant(old: Any) -> None:
    now = timezone.now()
    accounts = old("streams", "Account").objects
    account = accounts.create(name="Present", auth_token=PRESENT, old_auth_token=OLD, old_auth_token_until=now + timedelta(hours=1))
    accounts.create(name="Ended", auth_token="another", old_auth_token=ENDED, old_auth_token_until=now - timedelta(hours=1))
    accounts.create(name="None", auth_token="")
    application = old("streams", "Application").objects.create(account=account, name="bot", answer_xml=XML)
    gateways = old("streams", "Gateway").objects
    gateways.create(account=account, application=application, name="tw", dialect="twilio", signing_token=SIGNING)
    gateways.create(account=account, application=application, name="pbx")
    call = old("streams", "Call").objects.create(account=account, started_at=now, owner=OWNER)
    for _ in range(STREAMS):
        plant_stream(old, account, call)
    details = {"stream_id": str(uuid4()), "request": {"service_url": "wss://b.example/", "extra_headers": HEADERS}}
    old("streams", "ControlRequest").objects.create(call=call, kind="start", details=details, requested_by="API")
    maria = User.objects.create_user("maria")
    old("otp_totp", "TOTPDevice").objects.create(user_id=maria.pk, name="app", key=KEY, confirmed=True)
    device = old("otp_static", "StaticDevice").objects.create(user_id=maria.pk, name="recovery codes")
    for code in (CODE, "another2"):
        old("otp_static", "StaticToken").objects.create(device=device, token=code)


def plant_stream(old: Any, account: Any, call: Any) -> None:
    now = timezone.now()
    facts = {"account": account, "requested_at": now, "call_started_at": now, "service_url": "wss://b.example/"}
    stream = old("streams", "Stream").objects.create(call=call, extra_headers=HEADERS, **facts)
    request = {"request": {"service_url": "wss://b.example/", "extra_headers": HEADERS}, "source": "XML"}
    old("streams", "StreamEvent").objects.create(call=call, stream=stream, at=now, kind="stream_requested", details=request)
    parameters = [["Event", "StartStream"], ["extraHeaders", HEADERS]]
    more = {
        "url": "http://a.example/",
        "host": "a.example",
        "message_id": f"msg_{uuid4().hex}",
        "parameters": parameters,
        "created_at": now,
    }
    old("streams", "Callback").objects.create(stream=stream, account=account, number=1, event="StartStream", **more)


def are_sealed_and_go_on() -> None:
    tokens_go_on()
    sealed_columns_are_read()
    the_second_factor_goes_on()
    assert list(SecretsKey.objects.values_list("fingerprint", flat=True)) == list(seal().fingerprints)
    nothing_is_left_in_clear()


def tokens_go_on() -> None:
    now, accounts = timezone.now(), {account.name: account for account in Account.objects.filter(name__in=("Present", "Ended", "None"))}
    assert {name: tokens.of_account(account, now) for name, account in accounts.items()} == {
        "Present": (PRESENT, OLD),
        "Ended": ("another",),
        "None": (),
    }
    assert tokens.of_account(accounts["Present"], now + timedelta(hours=2)) == (PRESENT,)
    for secret in (PRESENT, OLD):
        found = tokens.find_token(accounts["Present"].auth_id, secret, now)
        assert found and found.account == accounts["Present"]
    assert tokens.find_token(accounts["Ended"].auth_id, ENDED, now) is None
    assert tokens.known_as(accounts["Ended"], ENDED), "a provisioning file must not bring it back"
    assert set(AuthToken.objects.values_list("name", flat=True)) == {"main", "before the last rotation"}


def sealed_columns_are_read() -> None:
    assert Application.objects.get().answer_xml == XML
    assert list(Gateway.objects.order_by("name").values_list("signing_token", flat=True)) == ["", SIGNING]
    of_ours = {"account__name": "Present"}
    assert list(Stream.objects.filter(**of_ours).values_list("extra_headers", flat=True)) == [HEADERS] * STREAMS
    callbacks = Callback.objects.filter(**of_ours).select_related("stream")
    assert len(callbacks) == STREAMS
    for callback in callbacks:
        assert callback.parameters[1] == ["extraHeaders", "X-Token=(hidden)"]
        assert as_sent(callback.parameters, callback.stream.extra_headers)[1] == ("extraHeaders", HEADERS)
    assert {event.details["request"]["extra_headers"] for event in StreamEvent.objects.filter(call__owner=OWNER)} == {"X-Token=(hidden)"}
    assert control.whole_request(ControlRequest.objects.get(call__owner=OWNER)).extra_headers == HEADERS
    (asked,) = control.claim_waiting(OWNER)
    assert pending_streams.stand_in(asked.row).extra_headers == HEADERS


def the_second_factor_goes_on() -> None:
    maria, app = User.objects.get(username="maria"), AuthenticatorApp.objects.get()
    code = f"{TOTP(bytes.fromhex(KEY), app.step, app.t0, app.digits, app.drift).token():06}"
    assert app.key == "" and second_factor.check(maria, code).right
    assert second_factor.check(maria, CODE).right and not second_factor.check(maria, CODE).right
    assert second_factor.recovery_codes_left(maria) == 1


def nothing_is_left_in_clear() -> None:
    """In no column of any table; of SQLite in no byte of its files."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows = str(cursor.fetchall())
            assert not [canary for canary in CANARIES if canary in rows], table
    if connection.vendor == "sqlite":
        file = Path(connection.settings_dict["NAME"])
        there = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
        assert len(there) > 100_000 and not [canary for canary in CANARIES if canary.encode() in there]
