"""A day of two customers in the database of the settings, for the pictures of the manual.

Prints what there is to look at, as JSON: `session`, of an administrator, and `pages`, an address for each name of a picture."""

import json
from datetime import datetime, timedelta
from decimal import Decimal

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402 - after the setup
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from cdr.audit import Actor  # noqa: E402
from cdr.log_links import LinkTerms, make_link  # noqa: E402
from streams.models import Callback, CallbackState, CallbackTrouble, Gateway, Stream  # noqa: E402
from tests.cdr.call_script import make_gateway  # noqa: E402
from tests.cdr.factories import closed_call, fill, good_call, live_call, refused, refused_call  # noqa: E402

CALLS, STREAMS = "/admin/cdr/calldetail/", "/admin/cdr/streamdetail/"
FILLED = 90


def main() -> None:
    user = User.objects.create_superuser("clara")
    client = Client()
    client.force_login(user)
    print(json.dumps({"session": client.cookies["sessionid"].value, "pages": pages(user)}))


def pages(user: User) -> dict[str, str]:
    now = timezone.now()
    other = make_gateway("pbx-2", "Globex Telephony", rate=Decimal("0.00400"), currency="EUR")
    for number in range(3):
        refused_call(other, now - timedelta(hours=18, minutes=number), caller=f"+4420794612{number:02}")
    fill(now, FILLED)
    gateway = Gateway.objects.get(name="pbx-1")
    for number in range(8):
        refused_call(other, now - timedelta(seconds=70 + 45 * number), caller=f"+4420794610{number:02}")
    refused("pbx-1", at=now - timedelta(minutes=50), count=2)
    died = closed_call(gateway, now - timedelta(minutes=4), caller="+14155554711")
    good = good_call(gateway, now - timedelta(minutes=6))
    live = live_call(gateway, now - timedelta(seconds=50))
    died_stream, good_stream, live_stream = (one.streams.order_by("pk")[0].uuid for one in (died, good, live))
    failed_stream = Stream.objects.filter(account=gateway.account, end_cause="connect_failed").latest("pk")
    take_back_what_is_to_come(now)
    terms = LinkTerms(timedelta(days=7), "ticket 4711", whole_numbers=False, with_details=True)
    return {
        "first-page": "/admin/",
        "call-page": f"{CALLS}{died.uuid}/change/",
        "debug-log": f"{STREAMS}{died_stream}/debug-log/",
        "live-log": f"{STREAMS}{live_stream}/debug-log/",
        "compare": f"{STREAMS}compare/?a={good_stream}&b={failed_stream.uuid}",
        "conversation": f"{STREAMS}{good_stream}/change/",
        "streams-filtered": f"{STREAMS}?cause=customer_closed&when=today",
        "act-on-all": f"{STREAMS}?state=live",
        "account-page": f"/admin/streams/account/{gateway.account_id}/change/",
        "gateway-page": f"/admin/streams/gateway/{gateway.pk}/change/",
        "test-call": f"/admin/streams/gateway/{gateway.pk}/test-call/",
        "hosts": "/admin/cdr/hostdetail/",
        "alert-page": "/admin/cdr/alert/",
        "health": "/admin/health/",
        "shared-log": f"/shared/{make_link(died.streams.get(), terms, user, Actor('clara', None))}",
    }


def take_back_what_is_to_come(now: datetime) -> None:
    """A callback is tried for 18 hours: of those that were asked for within the day, some tries are not made yet."""
    for callback in Callback.objects.filter(attempts__started_at__gt=now).distinct():
        late = callback.attempts.filter(started_at__gt=now).order_by("number")
        waits = {"state": CallbackState.PENDING, "due_at": late[0].started_at, "finished_at": None, "tries": late[0].number - 1}
        late.delete()
        Callback.objects.filter(pk=callback.pk).update(**waits)
        Stream.objects.filter(pk=callback.stream_id).update(callback_trouble=CallbackTrouble.TRY_FAILED)


if __name__ == "__main__":
    main()
