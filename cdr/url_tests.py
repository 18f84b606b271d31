"""Tests of service URLs that people asked for: rows that are jobs, worked off outside of the request, and removed after a day.

Owns the jobs: who may ask how often, and their end. How a service is tested is streams.customers.url_testing's; must not know HTTP."""

import asyncio
import logging
import ssl
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from cdr import audit
from cdr.audit import Actor
from cdr.models import UrlTest, UrlTestState
from cdr.pure.acts import Act
from streams import jobs
from streams.database_clock import database_now
from streams.models import Account, Stream
from streams.pure.customer.url_order import DEADLINE_SECONDS, UrlOrder
from streams.pure.scrubbing import scrubbed
from streams.shares import Shares
from streams.tokens import of_account

log = logging.getLogger(__name__)

URL_TESTS = Shares("URL tests", places=8, each=2)
"""Of the accounts whose services are tested: each may take as long as it likes, up to the deadline."""
MOST_A_MINUTE = 6
"""Of a person; and of an account at its desk, whoever of its people asks."""
CLAIMED_FOR = timedelta(seconds=DEADLINE_SECONDS + 15)
"""Longer than any test takes: past it, its worker has gone."""
KEPT = timedelta(days=1)
BROKE = "The test broke; the platform's log says why."
GONE = "The worker that made this test has gone. Ask for it again."


class TooMany(Exception):
    """This person may not ask now; the message says why and when."""


def ask(  # noqa: PLR0913 - all of it is what is asked for
    actor: Actor,
    owner_id: int,
    account: Account,
    *,
    url: str,
    content_type: str,
    of_stream: Stream | None = None,
    at_desk: bool = False,
) -> UrlTest:
    """Makes the job, with its audit entry. Raises TooMany. `at_desk`: by one of the account's own people, who share what it may ask for."""
    from streams.customers.url_testing import recognisable_id  # noqa: PLC0415 - as in _report

    now = timezone.now()  # the clock that writes created_at
    with transaction.atomic():
        owner = get_user_model().objects.select_for_update().get(pk=owner_id)  # one person's clicks, one after another
        mine = UrlTest.objects.filter(owner_id=owner.pk)
        if mine.exclude(state=UrlTestState.DONE).filter(created_at__gt=now - CLAIMED_FOR).exists():
            raise TooMany("Your last test is not over yet. One at a time: wait a few seconds.")
        if mine.filter(created_at__gt=now - timedelta(minutes=1)).count() >= MOST_A_MINUTE:
            raise TooMany(f"You asked for {MOST_A_MINUTE} tests in the last minute. Wait a minute.")
        if at_desk and _asked_of(account, now) >= MOST_A_MINUTE:
            raise TooMany(f"{MOST_A_MINUTE} tests were asked for at the desk of {account.name} in the last minute. Wait a minute.")
        seen = {"call_id": recognisable_id(), "stream_id": recognisable_id()}
        test = UrlTest.objects.create(owner_id=owner.pk, account=account, url=url, content_type=content_type, of_stream=of_stream, **seen)
        audit.write(actor, Act.TEST_SERVICE_URL, account, url=scrubbed(url), content_type=content_type)
    return test


def asked_at_desk(tests: QuerySet[UrlTest]) -> QuerySet[UrlTest]:
    """Those that people of the account asked for."""
    return tests.filter(owner__memberships__account=F("account"))


def _asked_of(account: Account, now: datetime) -> int:
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)  # clicks of all its people, one after another
    return asked_at_desk(UrlTest.objects.filter(account=account, created_at__gt=now - timedelta(minutes=1))).count()


def claim_next() -> UrlTest | None:
    """The oldest test that waits, or whose worker has gone; claimed by one worker only, a few at once. Looked for each second: where
    none is, nothing is written, so that on SQLite nobody waits."""
    return jobs.claim_next(_in_order(), CLAIMED_FOR, URL_TESTS, whose="account_id", state=UrlTestState.RUNNING)


def url_test_due_since(now: datetime) -> datetime | None:
    """When the test that a worker should make now was asked for, or its worker's claim ran out."""
    job = jobs.next_free(_in_order(), now, URL_TESTS, whose="account_id")
    return (job.claimed_until or job.created_at) if job is not None else None


def _in_order() -> QuerySet[UrlTest]:
    return UrlTest.objects.select_related("account").order_by("pk")


def run(job: UrlTest) -> None:
    """Blocks for DEADLINE_SECONDS at most. Never raises for what is wrong with the service. A test is made once: one whose worker
    has gone ends without a report."""
    report = _broken(GONE) if job.tries else _report(job)
    jobs.finish(job, state=UrlTestState.DONE, report=report)


def _report(job: UrlTest) -> dict[str, Any]:
    # Sockets and audio: a worker looks for jobs each second, and there is seldom one.
    from streams.customers.dial import DialSettings  # noqa: PLC0415 - as above
    from streams.customers.url_testing import run_url_test  # noqa: PLC0415 - as above

    dialling = DialSettings(settings.DIAL_REACH, settings.CONNECT_TIMEOUT_SECONDS, settings.OFFER_SUBPROTOCOL, job.account_id)
    try:
        return asyncio.run(run_url_test(_order(job), dialling, ssl.create_default_context())).as_json()
    except Exception:  # a bug of ours: the person is told, the log has the rest
        log.exception("The URL test %d broke.", job.pk)
        return _broken(BROKE)


def _order(job: UrlTest) -> UrlOrder:
    account = job.account
    assert account is not None, "the account was deleted between the asking and the test"
    return UrlOrder(job.url, job.content_type, account.auth_id, of_account(account, database_now()), job.call_id, job.stream_id)


def remove_old() -> int:
    return UrlTest.objects.filter(created_at__lt=database_now() - KEPT).delete()[0]


def _broken(problem: str) -> dict[str, Any]:
    from streams.pure.customer.url_report import UrlReport  # noqa: PLC0415 - as above

    return UrlReport(failure=problem).as_json()
