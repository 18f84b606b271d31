"""Two accounts with calls of every kind, one of them marked: no word of it may be in any answer to the other's people.

Owns the rows and what is marked. Also who is at the desk."""

from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import NAMESPACE_DNS, UUID, uuid5

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cdr.audit import Actor
from cdr.invitation_rows import Invitation
from cdr.member_rows import Membership, Role
from cdr.models import UrlTest, UrlTestState
from cdr.statements.closing import close_statement
from streams import tokens
from streams.models import Account, Application, Call, Callback, Gateway, Stream
from streams.pure.customer.url_report import UrlReport
from tests.cdr import factories
from tests.cdr.admin.conftest import signed_in
from tests.cdr.call_script import make_gateway
from tests.rows_again import made_once
from tests.streams.rows import main_token

OWN, OTHER = "Acme Robotics", "C4nary Corp"
CANARY = "c4nary"
OTHER_NUMBER, OTHER_HOST = "+491709998877", f"bot.{CANARY}.example"
SHARED_UUID = UUID("5ea1ed00-0000-4000-8000-000000000001")
"""Both accounts have a call of it: they may, as each gateway's uuids are its account's own business."""


def member(account: Account | str, role: str = Role.VIEWER, name: str = "carla", **more: Any) -> User:
    user = User.objects.filter(username=name).first() or User.objects.create_user(name, **more)
    account = Account.objects.get(name=account) if isinstance(account, str) else account
    Membership.objects.create(user=user, account=account, role=role)
    return user


def at_desk(account: str = OWN, role: str = Role.VIEWER, name: str = "carla") -> Client:
    return signed_in(member(account, role, name))


def invite_to(account: Account, owner: str, email: str) -> None:
    by = User.objects.create_user(owner)
    Membership.objects.create(user=by, account=account, role=Role.MANAGER)
    now = timezone.now()
    Invitation.objects.create(account=account, owner=by, email=email, key=owner[:12], created_at=now, expires_at=now + timedelta(days=7))


def url_test_of(account: Account, host: str) -> None:
    """Asked for by one of the account's people, and over."""
    seen = {"call_id": uuid5(NAMESPACE_DNS, host), "stream_id": uuid5(NAMESPACE_DNS, host)}
    over = {"state": UrlTestState.DONE, "report": UrlReport(failure=f"{host} did not answer.").as_json(), "finished_at": timezone.now()}
    owner = Membership.objects.filter(account=account)[0].user
    UrlTest.objects.create(owner=owner, account=account, url=f"wss://{host}/in", content_type="audio/x-l16;rate=8000", **seen, **over)


def make_own_rows() -> None:
    gateway = make_gateway()
    for kind in (factories.closed_call, factories.refused_call, factories.live_call):
        kind(gateway)
    factories.stopped_call(gateway, cause="stopped_by_operator")
    Call.objects.filter(pk=Call.objects.order_by("pk")[0].pk).update(uuid=SHARED_UUID)
    main_token(gateway.account)
    invite_to(gateway.account, "owner", "nobody@example.org")
    url_test_of(gateway.account, "bot.example.com")


own_rows = made_once(make_own_rows)


@partial(made_once, keys_after=1_000_000)
def other_rows() -> None:
    """The same of the other account, with its marks wherever text can stand."""
    gateway = make_gateway(f"{CANARY}-pbx", OTHER)
    gateway.application.name = f"{CANARY} application"
    gateway.application.save()
    keys = [
        kind(gateway, caller=OTHER_NUMBER, called="+4917011122").pk
        for kind in (factories.closed_call, factories.refused_call, factories.live_call)
    ]
    Call.objects.filter(pk=keys[0]).update(uuid=SHARED_UUID)
    tokens.make(gateway.account, f"{CANARY} token", "a test", gateway.account.created_at)
    invite_to(gateway.account, f"{CANARY}-person", f"{CANARY}@example.org")
    url_test_of(gateway.account, OTHER_HOST)
    close_statement(gateway.account, "USD", date(2024, 11, 1), Actor("clara", None))
    of_other = Stream.objects.filter(account=gateway.account)
    of_other.update(service_url=f"wss://{OTHER_HOST}:8443/in", service_host=OTHER_HOST, status_callback_url=f"https://{OTHER_HOST}/cb")
    # Names that those of the other account begin with: who prefers a whole name, whoever has it, tells that somebody has it.
    Stream.objects.filter(pk=of_other.order_by("pk")[0].pk).update(service_url="wss://bot.example/in", service_host="bot.example")
    Application.objects.create(account=gateway.account, name="support", answer_xml="<Response/>")
    of_other.exclude(end_details="").update(end_details=f"It said {CANARY}.")
    for callback in Callback.objects.filter(account=gateway.account):
        Callback.objects.filter(pk=callback.pk).update(
            url=f"https://{OTHER_HOST}/cb", host=f"{OTHER_HOST}:443", message_id=f"{CANARY}-{callback.pk}"
        )


def account(name: str) -> Account:
    return Account.objects.get(name=name)


def marks() -> tuple[str, ...]:
    """Of the other account: what must stand in no answer."""
    other = Account.objects.filter(name=OTHER).first()
    uuids = [] if other is None else [*other.calls.values_list("uuid", flat=True), *other.streams.values_list("uuid", flat=True)]
    told = [CANARY, OTHER, OTHER_NUMBER.strip("+"), "4917011122", *(str(uuid) for uuid in uuids if uuid != SHARED_UUID)]
    return (*told, *([other.auth_id] if other else ()))


def gateway_of(name: str) -> Gateway:
    return Gateway.objects.get(account__name=name)
