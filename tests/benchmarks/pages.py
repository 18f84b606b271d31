"""Fills the database of the settings and times pages on it; `console` starts this with a PostgreSQL of its own.

python -m tests.benchmarks.pages CALLS LOGS_OF REQUESTS WORDS"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, NamedTuple

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402 - after the setup
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import F, Q, QuerySet  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from cdr import exports  # noqa: E402
from cdr.audit import Actor  # noqa: E402
from cdr.member_rows import Membership, Role  # noqa: E402
from cdr.models import Export  # noqa: E402
from cdr.pure import keyset  # noqa: E402
from cdr.pure.keyset import Place  # noqa: E402
from cdr.statements.closing import close_statement  # noqa: E402
from cdr.statements.drafts import open_months  # noqa: E402
from streams.models import Account, Call, Stream  # noqa: E402
from streams.pure.number_key import number_key  # noqa: E402
from tests.benchmarks import many_calls  # noqa: E402
from tests.cdr.call_script import make_gateway  # noqa: E402
from tests.cdr.factories import good_call  # noqa: E402

CALLS, STREAMS = "/admin/cdr/calldetail/", "/admin/cdr/streamdetail/"
FILTERS = {
    "newest": "",
    "last hour": "when=hour",
    "a day, two months ago": "from={old_day}&to={old_day}",
    "reason: connection error": "reason=Connection+error",
    "reason: call hangup": "reason=Call+hangup",
    "reason: stream timeout": "reason=Stream+timeout",
    "cause: call ended": "cause=call_ended",
    "cause: customer closed": "cause=customer_closed",
    "cause: internal error (rare)": "cause=internal_error",
    "close code 1011": "code=1011",
    "close code 4321 (old)": "code=4321",
    "close code 4998 (none)": "code=4998",
    "attempts > 1": "attempts=several",
    "degraded 30": "degraded=30",
    "degraded 90": "degraded=90",
    "callbacks: a try failed": "callbacks=failed",
    "callbacks: given up": "callbacks=given-up",
    "duration under 10 s": "duration=under-10s",
    "duration 1 h and more": "duration=over-1h",
    "account, large": "account={large}",
    "account, tiny": "account={tiny}",
    "gateway, large": "gateway=pbx-001a",
    "gateway, tiny": "gateway=pbx-195a",
    "application": "application=recorder",
    "direction: outbound": "direction=outbound",
    "state: live": "state=live",
    "large account, error": "account={large}&reason=Connection+error",
    "tiny account, error": "account={tiny}&reason=Connection+error",
    "middling account, error, week": "account={middling}&reason=Connection+error&when=week",
    "large account, error, old day": "account={large}&reason=Connection+error&from={old_day}&to={old_day}",
    "middling account, rare cause": "account={middling}&cause=internal_error",
    "error, outbound, long": "reason=Connection+error&direction=outbound&duration=over-1h",
    "search call uuid": "q={call_uuid}",
    "search stream uuid": "q={stream_uuid}",
    "search uuid beginning": "q={beginning}",
    "search number": "q=%2B1+415-{rest}",
    "search number, national": "q=415-{rest}",
    "search busy number": "q=1800200{busy}",
    "search beginning, common": "q=%2B1415",
    "search number, none": "q=%2B49301234567",
    "search SIP address": "q=desk500@pbx",
    "search host": "q=bot-2.customer007.example.com",
    "search busy host": "q=bot.customer001.example.com",
    "search host, none": "q=bot.nobody.example.com",
    "search last digits and a time": "q=0123+{old_day}+14:02",
    "search a time": "q={old_day}+14:02",
    "search account by name": "q=Customer+001",
    "search gateway by name, tiny": "q=pbx-195a",
    "service host, busy": "host=bot.customer001.example.com",
    "service host, none": "host=bot.nobody.example.com",
    "number in account": "q=415-{rest}&account={large}",
    "page 1000": "before={deep}",
    "page 300 of connection errors": "reason=Connection+error&before={deep_error}",
}
ROWS_A_PAGE = 50
TURNS = 42
OTHERS_CALLS = 10_000
WRITTEN_CALLS = 50


class Timed(NamedTuple):
    name: str
    milliseconds: list[float]
    cpu_ms: float
    queries: int
    database_ms: float
    rows: int


def main(calls: int, logs_of: int, requests: int, words: str) -> None:
    prepare(calls, logs_of)
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.create_superuser("bench"))
    print(f"\n{'':<42}  p50 ms  p95 ms  CPU ms  SQL ms  queries  rows")
    for name, act in chain(yardsticks(client), pages(client), desk_pages()):
        if words in name:
            say(timed(name, act, requests))
    if not words:
        written(WRITTEN_CALLS)
        exported("reason=Connection+error")


def prepare(calls: int, logs_of: int) -> None:
    began = time.monotonic()
    call_command("migrate", verbosity=0)
    print(f"{calls:,} calls of {many_calls.DAYS} days on {connection.vendor}:", flush=True)
    many_calls.fill(calls, lambda line: print(line, flush=True), logs_of)
    events, gigabytes = many_calls.rows("streams_streamevent"), many_calls.size_bytes() / 1e9
    print(f"filled in {time.monotonic() - began:.0f} s, {gigabytes:.1f} GB, {events:,} events")


def timed(name: str, act: Callable[[], int], requests: int) -> Timed:
    """`act` once to warm up, then so often; the queries of one more time. `cpu_ms`: in this process, whatever else the machine does."""
    act()
    milliseconds, cpu = [], []
    for _ in range(requests):
        began, cpu_began = time.perf_counter(), time.process_time()
        act()
        milliseconds.append(1000 * (time.perf_counter() - began))
        cpu.append(1000 * (time.process_time() - cpu_began))
    with CaptureQueriesContext(connection) as captured:
        rows = act()
    database_ms = 1000 * sum(float(query["time"]) for query in captured)
    return Timed(name, milliseconds, statistics.median(cpu), len(captured), database_ms, rows)


def say(page: Timed) -> None:
    ordered = sorted(page.milliseconds)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    figures = f"{statistics.median(ordered):8.1f}{p95:8.1f}{page.cpu_ms:8.1f}{page.database_ms:8.0f}{page.queries:9}{page.rows:6}"
    print(f"{page.name:<42}{figures}", flush=True)


def yardsticks(client: Client) -> Iterator[tuple[str, Callable[[], int]]]:
    """What the machine takes for less: the rows of a page bare, and a list of the same frame with hardly a row in it."""
    for what, table, column in (("calls", "streams_call", "started_at"), ("streams", "streams_stream", "requested_at")):
        yield f"bare SELECT of 50 {what}", bare(f"SELECT * FROM {table} ORDER BY {column} DESC, id DESC LIMIT 50")
    yield "Django's own list of users (1 row)", lambda: got(client, "/admin/auth/user/")


def bare(query: str) -> Callable[[], int]:
    def act() -> int:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return len(cursor.fetchall())

    return act


def pages(client: Client) -> Iterator[tuple[str, Callable[[], int]]]:
    of_calls = subjects(Call, "started_at", Q(streams__hangup_reason="Connection error"))
    facts = subjects(Stream, "requested_at", Q(hangup_reason="Connection error"))
    for what, path, known in (("calls", CALLS, of_calls), ("streams", STREAMS, facts)):
        for name, query in FILTERS.items():
            yield f"{what}: {name}", address(client, f"{path}?{query.format(**known)}")
    for name, where in (("call page", CALLS + "{call_uuid}/change/"), ("stream page", STREAMS + "{stream_uuid}/change/")):
        yield name, address(client, where.format(**facts))
    for what, path, uuid in (("call", CALLS, "call_uuid"), ("stream", STREAMS, "stream_uuid")):
        yield f"debug log of a {what}", address(client, f"{path}{facts[uuid]}/debug-log/")
    yield "dashboard", address(client, "/admin/")
    yield "callbacks: newest", address(client, "/admin/streams/callback/")
    yield "hosts", address(client, "/admin/cdr/hostdetail/")
    host = Stream.objects.exclude(service_host="").select_related("account").latest("requested_at")
    yield "a host's page", address(client, f"/admin/cdr/hostdetail/of/{host.account.auth_id}/{host.service_host}/")


DESK = {
    "calls": "calls/",
    "streams": "streams/",
    "streams of a day": "streams/?from={old_day}&to={old_day}",
    "streams of a day, with totals": "streams/?from={old_day}&to={old_day}&totals=1",
    "reason: connection error": "streams/?reason=Connection+error",
    "reason: connection error, with totals": "streams/?reason=Connection+error&totals=1",
    "search host": "streams/?q=bot.customer001.example.com",
    "statements": "statements/",
    "statement of a month, a draft": "statements/{large}/{currency}/{month}/",
}
"""As a manager of the largest account has them."""
UNKNOWN = {
    "host": ("streams/?q=bot.customer002.example.com", "streams/?q=bot.customer999.example.com"),
    "call uuid": ("calls/?q={theirs}", "calls/?q=00000000-0000-4000-8000-000000000000"),
    "number": ("calls/?q={their_number}", "calls/?q=%2B4930123456789"),
    "filter by host": ("streams/?host=bot.customer002.example.com", "streams/?host=bot.customer999.example.com"),
}
"""What is asked for at the desk that another account has, and that nobody has: by the time of the answer nobody can tell which it was."""


def desk_pages() -> Iterator[tuple[str, Callable[[], int]]]:
    account = Account.objects.get(name="Customer 001")
    person = User.objects.create_user("customer")
    Membership.objects.create(user=person, account=account, role=Role.MANAGER)
    client = Client(headers={"host": "localhost"})
    client.force_login(person)
    theirs = Call.objects.exclude(account=account).order_by("-pk")[100]
    known = subjects(Stream, "requested_at", Q(hangup_reason="Connection error"))
    charges = account.charges.order_by("ended_at")
    month = (charges[charges.count() // 2].ended_at or timezone.now()).date()
    of_month = charges.filter(ended_at__year=month.year, ended_at__month=month.month).count()
    known |= {"theirs": theirs.uuid, "their_number": number_of_others(account).replace("+", "%2B")}
    known |= {"month": f"{month:%Y-%m}", "currency": charges[0].currency}
    print(f"the largest account: {charges.count():,} charges, {of_month:,} of them in {month:%B %Y}", flush=True)
    for name, where in DESK.items():
        yield f"desk: {name}", address(client, f"/desk/{where.format(**known)}")
    for what, (theirs_at, nobodys_at) in UNKNOWN.items():
        told_apart(what, *(address(client, f"/desk/{where.format(**known)}") for where in (theirs_at, nobodys_at)))
    closing = months_closed(account, charges[0].currency)
    yield "desk: statement of a month, closed", address(client, closing)


def number_of_others(account: Account) -> str:
    """From which OTHERS_CALLS calls of others come now, and none of the account's."""
    number = "+4930987654321"
    key = number_key(number, "")
    others = list(Call.objects.exclude(account=account).order_by("-pk").values_list("pk", flat=True)[:OTHERS_CALLS])
    Call.objects.filter(pk__in=others).update(from_number=number, from_key=key.key, from_reversed=key.reversed)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE streams_call")  # what the database believes of numbers is of all accounts
    return number


def told_apart(what: str, another: Callable[[], int], nobody: Callable[[], int]) -> None:
    """One after the other, in turns, so that whatever else the machine does falls on both; which is first changes."""
    took: dict[Callable[[], int], list[float]] = {another: [], nobody: []}
    for number in range(TURNS):
        for act in (another, nobody) if number % 2 else (nobody, another):
            began = time.perf_counter()
            act()
            took[act].append(1000 * (time.perf_counter() - began))
    of_another, of_nobody = (statistics.median(took[act][2:]) for act in (another, nobody))
    spread = statistics.quantiles(took[nobody][2:], n=4)
    said = f"another account's {of_another:.1f} ms, nobody's {of_nobody:.1f} ms; half of these within {spread[2] - spread[0]:.1f} ms"
    print(f"desk, {what}: {said}", flush=True)


def months_closed(account: Account, currency: str) -> str:
    """Closes all that are over, says how long each took, and where the last one is."""
    last = ""
    for opened in open_months(account):
        if opened.ends_at < timezone.now():
            began = time.perf_counter()
            statement = close_statement(account, currency, opened.month, Actor("bench", None))
            print(f"closing {opened.month:%B %Y}: {statement.streams:,} streams, {time.perf_counter() - began:.2f} s", flush=True)
            last = f"/desk/statements/{account.auth_id}/{currency}/{opened.month:%Y-%m}/"
    return last


def address(client: Client, where: str) -> Callable[[], int]:
    return lambda: got(client, where)


def got(client: Client, where: str) -> int:
    """How many rows the page shows in its tables."""
    response = client.get(where)
    assert response.status_code == 200, (where, response.status_code)
    return int(response.content.count(b"<tr>"))


def written(calls: int) -> None:
    """What it costs to write a call from its start to its end, with its events, charge and callbacks, among all the others."""
    gateway = make_gateway()
    good_call(gateway, timezone.now())
    began, cpu, log = time.perf_counter(), time.process_time(), wal_bytes()
    for _ in range(calls):
        good_call(gateway, timezone.now())
    seconds, cpu, log = time.perf_counter() - began, time.process_time() - cpu, wal_bytes() - log
    each = f"{1000 * seconds / calls:.1f} ms, {1000 * cpu / calls:.1f} ms of them CPU here, {log / calls / 1024:.1f} KiB"
    print(f"\na call written by the journal: {each} of the database's log")


def wal_bytes() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
        return int(cursor.fetchone()[0])


def exported(query: str) -> None:
    """A selection as CSV, as a worker writes it."""
    owner = User.objects.get(username="bench")
    for section in ("cdr_calldetail", "cdr_streamdetail"):
        Export.objects.create(owner=owner, section=section, query=query, format="csv")
        job, began = exports.claim_next(), time.perf_counter()
        assert job is not None
        exports.run(job)
        rows, seconds = Export.objects.get(pk=job.pk).rows_done, time.perf_counter() - began
        print(f"export of {rows:,} rows of {section}: {seconds:.1f} s, {rows / seconds:,.0f} a second")


def place(rows: QuerySet[Any], pages_above: int, time: str) -> str:
    """Where the page begins that has so many above it, or half of the rows when there are fewer. Counted once, to know where to look."""
    row = rows.order_by(f"-{time}", "-pk")[min(pages_above * ROWS_A_PAGE, rows.count() // 2)]
    return keyset.written(Place(getattr(row, time), key=row.pk))


def subjects(model: type[Call] | type[Stream], time: str, errors: Q) -> dict[str, object]:
    """The accounts, numbers, ids and places that the pages of a list are asked about."""
    middle = Stream.objects.order_by("pk")[Stream.objects.count() // 2]
    from_there_on = Stream.objects.filter(pk__gte=middle.pk).select_related("call").order_by("pk")[:1000]
    stream = next(stream for stream in from_there_on if stream.call.events.exists())
    caller = Call.objects.filter(from_number__startswith="+1415").order_by("pk")[40].from_number
    accounts = dict(Account.objects.annotate(key=F("auth_id")).values_list("name", "key"))
    return {
        "large": accounts["Customer 001"],
        "middling": accounts["Customer 040"],
        "tiny": accounts["Customer 195"],
        "call_uuid": stream.call.uuid,
        "stream_uuid": stream.uuid,
        "beginning": stream.uuid.hex[:9],
        "rest": f"{caller[5:8]}-{caller[8:]}",
        "busy": "0010",
        "old_day": f"{stream.requested_at:%Y-%m-%d}",
        "deep": place(model.objects.all(), 999, time),
        "deep_error": place(model.objects.filter(errors).distinct(), 299, time),
    }


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
