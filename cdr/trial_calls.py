"""Test calls that people place: rows that are jobs, carried out by a worker, as the gateway itself would, through the public endpoint.

Owns the jobs: who may ask how often, how long one lasts, and their end. How a gateway behaves is streams.simulate's; must not know HTTP."""

import asyncio
import logging
from datetime import datetime, timedelta
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet

from cdr import audit
from cdr.audit import Actor
from cdr.pure.acts import Act
from cdr.trial_call_rows import TrialCall
from streams import jobs
from streams.database_clock import database_now
from streams.models import Gateway
from streams.shares import Shares

log = logging.getLogger(__name__)

TRIAL_CALLS = Shares("test calls", places=4, each=1)
"""Of the accounts: each is a call that lasts as long as a call does."""
CALL_SECONDS = 8.0
LIMIT_SECONDS = 45.0
"""For all of it: a platform that does not answer the upgrade, or never lets go, ends it here."""
CLAIMED_FOR = timedelta(seconds=LIMIT_SECONDS + 15)
KNOWN_AFTER = timedelta(seconds=2.5)
"""Every process that takes calls has heard by then of a gateway that was made a moment ago."""
MOST_A_MINUTE = 6
KEPT = timedelta(days=7)
CALLER, CALLED = "18005550199", "18005550100"
DELETED = "The gateway was deleted before the call was placed."
GONE = "The worker that placed this call has gone. Place it again."
BROKE = "The test call broke; the platform's log says why."
TOO_LONG = f"The call was not over after {LIMIT_SECONDS:.0f} seconds, and was cut off."


class TooManyCalls(Exception):
    """This person may not place one now; the message says why and when."""


def place(actor: Actor, owner_id: int, gateway: Gateway, address: str, secret: str) -> TrialCall:
    """Makes the job, with its audit entry. `secret`: the gateway's password; of one that signs, nothing. Raises TooManyCalls."""
    now = database_now()
    with transaction.atomic():
        get_user_model().objects.select_for_update().get(pk=owner_id)  # one person's clicks, one after another
        mine = TrialCall.objects.filter(owner_id=owner_id)
        if mine.filter(finished_at=None, created_at__gt=now - CLAIMED_FOR).exists():
            raise TooManyCalls("Your last test call is not over yet. One at a time: wait a few seconds.")
        if mine.filter(created_at__gt=now - timedelta(minutes=1)).count() >= MOST_A_MINUTE:
            raise TooManyCalls(f"You placed {MOST_A_MINUTE} test calls in the last minute. Wait a minute.")
        whose = {"owner_id": owner_id, "by": actor.name, "account_key": gateway.account_id, "gateway_name": gateway.name}
        given = {"gateway": gateway, "address": address, "secret": secret, "created_at": now, **whose}
        job = TrialCall.objects.create(call_uuid=uuid4(), **given)
        audit.write(actor, Act.PLACE_TEST_CALL, gateway, address=address, call=str(job.call_uuid))
    return job


def claim_next() -> TrialCall | None:
    """The oldest that waits, or whose worker has gone; claimed by one worker only, a few at once."""
    return jobs.claim_next(_in_order(database_now()), CLAIMED_FOR, TRIAL_CALLS, whose="account_key")


def trial_call_due_since(now: datetime) -> datetime | None:
    """When the call that a worker should place now was asked for, or its worker's claim ran out."""
    job = jobs.next_free(_in_order(now), now, TRIAL_CALLS, whose="account_key")
    return (job.claimed_until or job.created_at) if job is not None else None


def _in_order(now: datetime) -> QuerySet[TrialCall]:
    return TrialCall.objects.filter(created_at__lte=now - KNOWN_AFTER).select_related("gateway").order_by("pk")


def bring(job: TrialCall) -> None:
    """Blocks for LIMIT_SECONDS at most. A call is placed once: one whose worker has gone ends without a report."""
    problem, report = (GONE, "") if job.tries else _brought(job)
    jobs.finish(job, **{"problem": problem[:500], "report": report[:500], "secret": ""})


def _brought(job: TrialCall) -> tuple[str, str]:
    """Why there was no call, or how it went."""
    # Sockets and audio: a worker looks for jobs each second, and there is seldom one.
    from streams.simulate.asterisk import UnusableUrl  # noqa: PLC0415 - as above
    from streams.simulate.call_plan import CallPlan, CallRefused  # noqa: PLC0415 - as above
    from streams.simulate.gateway import place_call  # noqa: PLC0415 - as above
    from streams.simulate.wav import CODECS, SPEECH, frames, lasting, load_wav  # noqa: PLC0415 - as above

    async def placed(plan: CallPlan) -> str:
        async with asyncio.timeout(LIMIT_SECONDS):
            return str(await place_call(plan))

    gateway = job.gateway
    if gateway is None:
        return DELETED, ""
    codec = CODECS.get(gateway.dialect, CODECS["asterisk"])[0]
    plan = CallPlan(
        platform=job.address,
        gateway=gateway.name,
        dialect=gateway.dialect,
        password=job.secret,
        signing_token=gateway.signing_token,
        frames=lasting(frames(*load_wav(SPEECH), codec), CALL_SECONDS),
        codec=codec,
        early_frames=3 if gateway.dialect == "audio_stream" else 0,
        call_uuid=str(job.call_uuid),
        from_number=CALLER,
        to_number=CALLED,
    )
    try:
        return "", asyncio.run(placed(plan))
    except (CallRefused, UnusableUrl) as error:
        return str(error), ""
    except TimeoutError:
        return TOO_LONG, ""
    except Exception:  # a bug of ours: the person is told, the log has the rest
        log.exception("The test call %d broke.", job.pk)
        return BROKE, ""


def remove_old() -> int:
    return TrialCall.objects.filter(created_at__lt=database_now() - KEPT).delete()[0]
