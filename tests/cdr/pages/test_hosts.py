"""What is counted at customers' hosts, and the lines that are made of it."""

from datetime import timedelta

import pytest

from cdr.pages import hosts, recent_hosts
from cdr.pages.hosts import HostsSought, Known
from streams.models import Account, Callback, CallbackAttempt, Stream
from tests.cdr.call_script import STARTED, make_gateway
from tests.cdr.factories import closed_call, good_call, live_call, refused_call, tried

pytestmark = pytest.mark.django_db
NOW = STARTED + timedelta(minutes=20)


EVERYWHERE = HostsSought()


def services(sought: HostsSought = EVERYWHERE, now=NOW, most: int = 25) -> list[hosts.HostLine]:
    return hosts.service_lines(Known(sought, now, ["services"]), most).rows


def words(line: hosts.HostLine) -> list[str]:
    return [figure.words for figure in line.failed]


def moved(call, host: str) -> None:
    Stream.objects.filter(call=call).update(service_host=host)


def test_a_day_without_anything(django_assert_num_queries) -> None:
    with django_assert_num_queries(3):
        assert hosts.service_lines(Known(EVERYWHERE, NOW, ["services"]), 25) == hosts.HostTable([], False, "")
    with django_assert_num_queries(4):
        assert hosts.endpoint_lines(Known(EVERYWHERE, NOW, ["callbacks"]), 25) == hosts.HostTable([], False, "")


def test_how_far_back_both_are_counted_is_one_query(django_assert_num_queries, monkeypatch) -> None:
    monkeypatch.setattr(recent_hosts, "COUNTED_ROWS", 1)
    gateway = make_gateway()
    good_call(gateway), refused_call(gateway), good_call(gateway)
    with django_assert_num_queries(1):
        since = Known(EVERYWHERE, NOW, ["services", "callbacks"]).since
    assert since == {
        "services": recent_hosts.counted_since(Stream.objects.all(), "requested_at", NOW),
        "callbacks": recent_hosts.counted_since(Callback.objects.all(), "created_at", NOW),
    }
    assert since["services"].cut and since["callbacks"].cut


def test_what_failed_in_each_window_the_worst_first(django_assert_num_queries) -> None:
    gateway = make_gateway()
    good_call(gateway), good_call(gateway, NOW - timedelta(hours=3)), closed_call(gateway, NOW - timedelta(minutes=3))
    moved(good_call(gateway), "quiet.example.com")
    with django_assert_num_queries(8):
        bad, quiet = services()
    assert bad.host == "bot.example.com" and words(bad) == ["100 %", "50.0 %", "33.3 %"] and bad.bad
    assert [figure.title for figure in bad.failed] == [
        "failed: 1 of 1 stream of the last 5 minutes",
        "failed: 1 of 2 streams of the last hour",
        "failed: 1 of 3 streams of the last 24 hours",
    ]
    auth_id = gateway.account.auth_id
    assert bad.failed[1].query == f"account={auth_id}&host=bot.example.com&reason=Connection+error&when=hour"
    assert quiet.host == "quiet.example.com" and words(quiet) == ["–", "0 %", "0 %"] and not quiet.bad and quiet.error is None
    assert quiet.failed[1].query == f"account={auth_id}&host=quiet.example.com&when=hour"


def test_the_last_error_is_told_in_words_with_its_stream() -> None:
    gateway = make_gateway()
    closed_call(gateway), closed_call(gateway, STARTED + timedelta(minutes=5))
    (line,) = services()
    newest = Stream.objects.latest("requested_at")
    assert line.error is not None and line.error.stream == newest.uuid and "worker crashed" in line.error.words
    assert newest.call.from_number in line.numbers


def test_connections_are_measured_by_the_nearest_rank() -> None:
    gateway = make_gateway()
    for number in range(20):
        good_call(gateway, STARTED + timedelta(seconds=number))
    for number, stream in enumerate(Stream.objects.order_by("pk")):
        Stream.objects.filter(pk=stream.pk).update(connect_ms=10 * (number + 1))
    assert services()[0].p95 == "190 ms"
    assert services(now=NOW + timedelta(hours=2))[0].p95 == "–"


def test_what_the_journal_writes_of_a_connection() -> None:
    good_call(make_gateway())
    assert Stream.objects.get().connect_ms == 169


def test_live_streams_are_counted_of_their_host() -> None:
    live_call(make_gateway())
    live = {line.host: (line.now.words, line.now.query.partition("&")[2]) for line in services()}
    assert live == {
        "bot.example.com": ("1", "host=bot.example.com&state=live"),
        "recorder.example.com": ("1", "host=recorder.example.com&state=live"),
    }


def test_failures_are_drawn_by_the_hour() -> None:
    gateway = make_gateway()
    for hours_ago in (0, 0, 2, 23, 25):
        closed_call(gateway, NOW - timedelta(hours=hours_ago, minutes=1))
    (line,) = services()
    assert [(number, bar.label) for number, bar in enumerate(line.bars) if bar.height] == [
        (0, "15:00: 1 failed"),
        (21, "12:00: 1 failed"),
        (23, "14:00: 2 failed"),
    ]
    assert line.summary == "4 failed in 24 hours, at most 2 an hour, 2 in the running one"


def test_a_host_of_two_accounts_is_two_lines() -> None:
    closed_call(make_gateway()), good_call(make_gateway("pbx-2", "Globex Telephony"))
    assert [(line.account, words(line)[2]) for line in services()] == [("Acme Robotics", "100 %"), ("Globex Telephony", "0 %")]
    globex = Account.objects.get(name="Globex Telephony")
    assert [line.account for line in services(HostsSought(globex))] == ["Globex Telephony"]
    assert [line.account for line in services(HostsSought(globex, "bot."))] == ["Globex Telephony"] and services(
        HostsSought(None, "ot.")
    ) == []


def test_a_page_is_bounded_however_many_hosts_an_account_streams_to(django_assert_num_queries) -> None:
    call = good_call(make_gateway())
    stream = call.streams.get()
    many = [
        Stream(
            call=call, account=stream.account, call_started_at=stream.call_started_at, requested_at=STARTED, service_host=f"h{n}.example"
        )
        for n in range(60)
    ]
    Stream.objects.bulk_create(many)
    with django_assert_num_queries(7):
        lines = hosts.service_lines(Known(EVERYWHERE, NOW, ["services"]), 25)
    assert len(lines.rows) == 25 and lines.more


def test_a_busy_day_is_counted_from_its_newest_rows_on(monkeypatch) -> None:
    monkeypatch.setattr(recent_hosts, "COUNTED_ROWS", 2)
    gateway = make_gateway()
    for minutes in (1, 2, 3, 4):
        good_call(gateway, STARTED + timedelta(minutes=minutes))
    lines = hosts.service_lines(Known(EVERYWHERE, NOW, ["services"]), 25)
    assert lines.rows[0].failed[2].title == "failed: 0 of 3 streams of the last 24 hours" and lines.since.startswith("14:03:37")


# What takes status callbacks -----------------------------------------------------------------------------------------------
def test_endpoints_with_what_failed_what_waits_and_how_they_answer(django_assert_num_queries) -> None:
    gateway = make_gateway()
    good_call(gateway), refused_call(gateway)
    dropped = Callback.objects.get(event="DroppedStream")
    tried(dropped, 0.1, 31, status=500, error="The endpoint answered 500.")
    Callback.objects.filter(pk=dropped.pk).update(host="hooks.example.org:443")
    with django_assert_num_queries(7):
        bad, good = hosts.endpoint_lines(Known(EVERYWHERE, NOW, ["callbacks"]), 25).rows
    assert (bad.host, bad.name, words(bad)[1], bad.bad) == ("hooks.example.org:443", "hooks.example.org", "100 %", True)
    assert bad.failed[1].query.endswith("host=hooks.example.org%3A443&tries=failed&when=hour")
    assert bad.error is not None and bad.error.callback == dropped.pk and "500" in bad.error.words
    assert good.name == "hooks.example.com" and words(good)[1] == "0 %" and good.p95 == "38 ms"


def test_an_endpoint_that_hangs_says_so() -> None:
    call = good_call(make_gateway())
    for callback in Callback.objects.filter(stream__call=call):
        tried(callback, 1, 15_000, status=None, error="Timed out after 15 s.")
    assert CallbackAttempt.objects.count() >= 2
    (line,) = hosts.endpoint_lines(Known(EVERYWHERE, NOW, ["callbacks"]), 25).rows
    assert line.circuit is not None and line.circuit.word == "hangs: held back" and line.p95 == "15.0 s"


def test_the_worst_services_for_the_first_page() -> None:
    assert hosts.worst_services(NOW, 8) == []
    good_call(make_gateway()), closed_call(make_gateway("pbx-2", "Globex"))
    assert [(row.host, row.account) for row in hosts.worst_services(NOW, 8)] == [("bot.example.com", "Globex")]
