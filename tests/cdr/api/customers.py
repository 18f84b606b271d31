"""Two customers with their calls, and a client that speaks for one of them."""

import base64
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.test import Client
from django.utils import timezone

from streams import control
from streams.models import Account, Call, ControlRequest, Gateway
from tests.cdr.call_script import CallScript, make_gateway
from tests.cdr.factories import good_call, live_call
from tests.streams.rows import main_token

OWNER = "f" * 32
"""The process that holds the calls of the factories."""
SERVICE_URL = "wss://bot.example.com/other"


class Customer:
    """An account, its gateway, and requests in its name. Paths are relative to /v1/Account/<auth_id>/."""

    def __init__(self, name: str) -> None:
        self.gateway: Gateway = make_gateway(f"pbx-{name.lower()}", name)
        self.account: Account = self.gateway.account
        self.auth_token = main_token(self.account)
        self.authorization = basic(self.account.auth_id, self.auth_token)

    @property
    def base(self) -> str:
        return f"/v1/Account/{self.account.auth_id}/"

    def live_call(self) -> Call:
        """With two streams: one that streams, one that is requested."""
        return live_call(self.gateway, timezone.now() - timedelta(seconds=60))

    def quiet_call(self) -> Call:
        """Live, without a stream."""
        return CallScript(self.gateway, timezone.now() - timedelta(seconds=60)).answered().save()

    def ended_call(self, **more: Any) -> Call:
        return good_call(self.gateway, timezone.now() - timedelta(hours=1), **more)

    def get(self, path: str, query: Any = None, **headers: str) -> Any:
        return self.send("GET", path, data=query, **headers)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.send("POST", path, data=body, **{"content_type": "application/json"} | more)

    def delete(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.send("DELETE", path, data=body or "", **{"content_type": "application/json"} | more)

    def send(self, method: str, path: str, **more: Any) -> Any:
        """The test client's response, which has json() beyond what HttpResponse has."""
        call = getattr(Client(), method.lower())
        return call(path if path.startswith("/") else self.base + path, HTTP_AUTHORIZATION=self.authorization, **more)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def streams_path(call: Call) -> str:
    return f"Call/{call.uuid}/Stream/"


def taken() -> list[control.ClaimedRequest]:
    """What the process that holds the calls finds to do."""
    return control.claim_waiting(OWNER)


def start_requests() -> list[UUID]:
    return [UUID(request.details["stream_id"]) for request in ControlRequest.objects.filter(kind="start")]
