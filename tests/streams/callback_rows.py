"""Rows of the callback outbox, and endpoints for them, for the tests of what works it off."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.db.models import Max
from django.utils import timezone
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from streams import tokens
from streams.models import Account, Call, Callback, Stream

TOKEN = "testAuthToken0123456789"
EVENTS = ("StartStream", "DegradedStream", "StopStream")


def account(name: str = "Acme") -> Account:
    owner, is_new = Account.objects.get_or_create(name=name)
    if is_new:
        tokens.make(owner, tokens.MAIN, "a test", timezone.now(), TOKEN)
    return owner


def stream(of: Account | None = None) -> Stream:
    """A stream of a call of its own."""
    now, owner = timezone.now(), of or account()
    call = Call.objects.create(account=owner, started_at=now)
    return Stream.objects.create(call=call, account=owner, requested_at=now, service_url="wss://bot.example/audio")


def owed(to: Stream, url: str, **changes: Any) -> Callback:
    """The next callback of `to`, due now."""
    number = (to.callbacks.aggregate(last=Max("number"))["last"] or 0) + 1
    event = EVENTS[min(number, len(EVENTS)) - 1]
    values: dict[str, Any] = {
        "stream": to,
        "account": to.account,
        "number": number,
        "event": event,
        "url": url,
        "host": urlsplit(url).netloc,
        "message_id": f"msg_{uuid4().hex}",
        "parameters": [["CallUUID", str(to.call.uuid)], ["Error", ""], ["Event", event], ["Sequence", str(number)], ["To", "sip:a&b=c@d"]],
        "created_at": timezone.now(),
        "due_at": timezone.now(),
    }
    return Callback.objects.create(**{**values, **changes})


def fresh(callback: Callback) -> Callback:
    """The row as it is now."""
    return Callback.objects.get(pk=callback.pk)


def due_again(callback: Callback) -> None:
    Callback.objects.filter(pk=callback.pk).update(due_at=timezone.now())


def under_way(callback: Callback) -> None:
    """As if another worker were trying it."""
    Callback.objects.filter(pk=callback.pk).update(claimed_by="another worker", claimed_until=timezone.now() + timedelta(seconds=20))


def endpoint(httpserver: HTTPServer, *statuses: int) -> str:
    """An endpoint that answers with `statuses` in turn, the last one for ever."""
    left = list(statuses)

    def answer(_request: Request) -> Response:
        return Response("thanks", status=left.pop(0) if len(left) > 1 else left[0])

    httpserver.expect_request("/status").respond_with_handler(answer)
    return httpserver.url_for("/status")


def received(httpserver: HTTPServer) -> list[Request]:
    return [request for request, _ in httpserver.log]
