"""Each kind of rule, by making it happen: in rows, for all, for each and for one; in one query a kind."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cdr.alert_rows import AlertRule
from cdr.alerts import measures
from cdr.alerts.grouping import EVERYTHING
from cdr.alerts.measures import MEASURES, measured
from cdr.pure.alerts.judging import Seen, Subject
from cdr.pure.alerts.kinds import KINDS, AlertKind, AlertScope
from streams.models import Account, Callback, CallbackState, Heartbeat, Stream, StreamConversation
from streams.pure.trouble import Trouble
from tests.cdr.alerts.rows import HOST, calls, charged, given_up, refused, rule, streams
from tests.cdr.call_script import make_gateway

pytestmark = pytest.mark.django_db

MINUTES, HOURS, DAYS = (
    (lambda count: timedelta(minutes=count)),
    (lambda count: timedelta(hours=count)),
    (lambda count: timedelta(days=count)),
)
EACH_HOST, EACH_ACCOUNT, EACH_GATEWAY = (scope.value for scope in (AlertScope.EACH_HOST, AlertScope.EACH_ACCOUNT, AlertScope.EACH_GATEWAY))


def found(watched: AlertRule, ago: timedelta = timedelta()) -> dict[Subject, Seen]:
    return measured(AlertKind(watched.kind), [watched], timezone.now() - ago)[watched.pk]


def values(watched: AlertRule) -> dict[str, Decimal]:
    return {subject.key: seen.value for subject, seen in found(watched).items()}


def test_every_kind_is_measured_in_few_queries_however_many_rules_there_are() -> None:
    """Also where there is nothing at all."""
    gateway = make_gateway()
    for kind in AlertKind:
        scopes = KINDS[kind].scopes
        rules = [
            rule(kind, scope=scope.value, window_minutes=window, account=gateway.account, gateway=gateway, host=HOST)
            for scope in scopes
            for window in (10, 60)
        ]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            measured(kind, rules, timezone.now())
        most = {AlertKind.NO_CALLS: 2 * len(rules), AlertKind.GATEWAY_SILENT: 4, AlertKind.OLDEST_CALLBACK: 3, AlertKind.PLATFORM: 20}
        assert len(queries) <= most.get(kind, 1), (kind, [query["sql"][:200] for query in queries])
    assert MEASURES.keys() == set(AlertKind)


# Streams --------------------------------------------------------------------------------------------------------------------------
def test_a_share_of_streams_with_a_connection_error() -> None:
    streams(10, failed=4)
    streams(10, host="other.example.com")
    streams(50, failed=50, ago=MINUTES(11))
    watched = rule(AlertKind.CONNECTION_ERROR_SHARE)
    assert found(watched) == {EVERYTHING: Seen(Decimal("20.0"), 4, 20)}
    watched.scope = EACH_HOST
    assert found(watched) == {
        Subject(host=HOST): Seen(Decimal("40.0"), 4, 10),
        Subject(host="other.example.com"): Seen(Decimal("0.0"), 0, 10),
    }


def test_of_one_account_one_gateway_one_host() -> None:
    mine, theirs = make_gateway(), make_gateway("pbx-2", "Globex")
    streams(10, failed=3, gateway=mine)
    streams(10, failed=9, gateway=theirs, host="other.example.com")
    for scope, column, subject in (
        (AlertScope.ACCOUNT, {"account": mine.account}, Subject(account_id=mine.account_id)),
        (AlertScope.GATEWAY, {"gateway": mine}, Subject(gateway_id=mine.pk)),
        (AlertScope.HOST, {"host": HOST}, Subject(host=HOST)),
    ):
        assert found(rule(AlertKind.CONNECTION_ERRORS, scope=scope.value, **column)) == {subject: Seen(Decimal(3))}
    assert values(rule(AlertKind.CONNECTION_ERRORS, scope=EACH_ACCOUNT)) == {
        f"account:{mine.account_id}": 3,
        f"account:{theirs.account_id}": 9,
    }
    assert values(rule(AlertKind.CONNECTION_ERRORS, scope=EACH_GATEWAY)) == {f"gateway:{mine.pk}": 3, f"gateway:{theirs.pk}": 9}


def test_rules_of_a_kind_share_a_query_and_keep_their_windows() -> None:
    streams(5, failed=5)
    streams(7, failed=7, ago=MINUTES(30))
    short, long = rule(AlertKind.CONNECTION_ERRORS), rule(AlertKind.CONNECTION_ERRORS, window_minutes=60)
    figures = measured(AlertKind.CONNECTION_ERRORS, [short, long], timezone.now())
    assert [figures[one.pk][EVERYTHING].value for one in (short, long)] == [5, 12]


def test_streams_that_degrade() -> None:
    streams(20, degraded=3)
    assert values(rule(AlertKind.DEGRADED_STREAMS)) == {"all": 3}
    assert values(rule(AlertKind.DEGRADED_SHARE)) == {"all": 15}


def test_streams_whose_bot_is_slow() -> None:
    """Of all streams, also of those that have no conversation."""
    streams(20)
    figures = dict.fromkeys(StreamConversation.FIGURES, 0)
    for stream, longest_ms in zip(Stream.objects.all(), (3001, 9000, 3000, None), strict=False):
        StreamConversation.objects.create(stream=stream, **{**figures, "response_longest_ms": longest_ms})
    assert values(rule(AlertKind.SLOW_RESPONSE_SHARE)) == {"all": 10}


def test_as_of_an_earlier_time_what_came_later_does_not_count() -> None:
    streams(5, failed=5, ago=MINUTES(30))
    streams(9, failed=9)
    watched = rule(AlertKind.CONNECTION_ERRORS)
    assert [found(watched, MINUTES(ago)).get(EVERYTHING, Seen(Decimal())).value for ago in (0, 25, 40)] == [9, 5, 0]


def test_a_count_reads_the_index_of_unusual_streams() -> None:
    streams(3)
    with CaptureQueriesContext(connection) as queries:
        measured(AlertKind.CONNECTION_ERRORS, [rule(AlertKind.CONNECTION_ERRORS)], timezone.now())
    asked = [query["sql"] for query in queries if "streams_stream" in query["sql"] and query["sql"].startswith("SELECT")]
    assert len(asked) == 1 and '"callback_trouble" > 0' in asked[0]


# Callbacks, attempts, money -------------------------------------------------------------------------------------------------------
def test_callbacks_that_were_given_up_count_when_they_were() -> None:
    """Not when they were made, which is hours before."""
    given_up(3)
    given_up(2, host="hooks.example.com:8443")
    given_up(50, ago=MINUTES(11))
    assert values(rule(AlertKind.CALLBACKS_GIVEN_UP)) == {"all": 5}
    assert values(rule(AlertKind.CALLBACKS_GIVEN_UP, scope=EACH_HOST)) == {"host:hooks.example.com": 5}
    assert values(rule(AlertKind.CALLBACKS_GIVEN_UP, scope=AlertScope.HOST.value, host="other.example.com")) == {}


def test_refused_attempts_of_an_hour_count_for_the_part_that_lies_in_the_window() -> None:
    gateway = make_gateway()
    refused(60, gateway=gateway, first=MINUTES(60), last=MINUTES(0))  # one a minute
    refused(7, first=MINUTES(5), last=MINUTES(4))  # of nobody we know
    refused(500, first=MINUTES(50), last=MINUTES(20))
    assert values(rule(AlertKind.REFUSED_ATTEMPTS)) == {"all": 17}
    assert values(rule(AlertKind.REFUSED_ATTEMPTS, scope=EACH_GATEWAY)) == {f"gateway:{gateway.pk}": 10}
    assert values(rule(AlertKind.REFUSED_ATTEMPTS, scope=AlertScope.GATEWAY.value, gateway=make_gateway("pbx-2"))) == {}


def test_one_attempt_at_the_edge_is_one() -> None:
    refused(2, first=MINUTES(59), last=MINUTES(9))
    assert values(rule(AlertKind.REFUSED_ATTEMPTS)) == {"all": 1}


def test_what_an_account_spends_in_its_currency() -> None:
    acme, globex = make_gateway(), make_gateway("pbx-2", "Globex")
    for amount in ("1.50000", "2.25000"):
        charged(amount, gateway=acme)
    charged("9.00000", gateway=globex, currency="EUR")
    charged("0.10000", gateway=globex, currency="USD")
    charged("100.00000", gateway=acme, ago=HOURS(2))
    watched = rule(AlertKind.SPEND, window_minutes=60, scope=EACH_ACCOUNT)
    assert found(watched) == {
        Subject(account_id=acme.account_id): Seen(Decimal("3.75"), words="USD"),
        Subject(account_id=globex.account_id): Seen(Decimal("9"), words="EUR"),
    }
    assert values(rule(AlertKind.SPEND, scope=AlertScope.ACCOUNT.value, account=acme.account)) == {
        f"account:{acme.account_id}": Decimal("3.75")
    }


def test_an_account_that_has_reached_a_limit_of_its_own() -> None:
    acme, globex = make_gateway().account, make_gateway("pbx-2", "Globex").account
    now = timezone.now()
    Account.objects.filter(pk=acme.pk).update(spending_warn_at=10, spending_warned_at=now)
    Account.objects.filter(pk=globex.pk).update(spending_warn_at=10, spending_stop_at=20, spending_warned_at=now, spending_stopped_at=now)
    watched = rule(AlertKind.SPENDING_LIMIT, 1, scope=EACH_ACCOUNT)
    assert values(watched) == {f"account:{acme.pk}": 1, f"account:{globex.pk}": 2}
    assert found(watched)[Subject(account_id=globex.pk)].words.startswith(
        "has spent 20.00000 USD this month, the limit at which it is stopped"
    )
    assert values(rule(AlertKind.SPENDING_LIMIT, 1, scope=AlertScope.ACCOUNT.value, account=acme)) == {f"account:{acme.pk}": 1}


# Silence --------------------------------------------------------------------------------------------------------------------------
def test_a_gateway_that_is_silent_when_it_usually_is_not() -> None:
    gateway = make_gateway()
    for days in (7, 14, 21):
        calls(12, gateway=gateway, ago=DAYS(days) + MINUTES(5))
    watched = rule(AlertKind.GATEWAY_SILENT, window_minutes=30, scope=EACH_GATEWAY)
    assert values(watched) == {f"gateway:{gateway.pk}": 12}
    calls(gateway=gateway, ago=MINUTES(29))
    assert values(watched) == {}


def test_a_gateway_with_a_live_call_is_not_silent_however_long_it_lasts() -> None:
    gateway = make_gateway()
    calls(12, gateway=gateway, ago=DAYS(7) + MINUTES(5))
    calls(gateway=gateway, ago=HOURS(3), live=True)
    assert values(rule(AlertKind.GATEWAY_SILENT, window_minutes=30, scope=EACH_GATEWAY)) == {}


def test_one_that_never_had_a_call_is_not_missed() -> None:
    make_gateway()
    assert values(rule(AlertKind.GATEWAY_SILENT, scope=EACH_GATEWAY)) == {}
    assert values(rule(AlertKind.NO_CALLS)) == values(rule(AlertKind.NO_CALLS, scope=EACH_ACCOUNT)) == {}


def test_no_call_for_so_many_minutes() -> None:
    one, other = make_gateway(), make_gateway("pbx-2", "Globex")
    calls(gateway=one, ago=MINUTES(61))
    calls(gateway=other, ago=MINUTES(5))
    assert values(rule(AlertKind.NO_CALLS)) == {"all": 5}
    assert values(rule(AlertKind.NO_CALLS, scope=EACH_ACCOUNT)) == {f"account:{one.account_id}": 61, f"account:{other.account_id}": 5}
    assert values(rule(AlertKind.NO_CALLS, scope=AlertScope.GATEWAY.value, gateway=one)) == {f"gateway:{one.pk}": 61}
    calls(gateway=one, ago=MINUTES(90), live=True)
    assert values(rule(AlertKind.NO_CALLS, scope=EACH_GATEWAY)) == {f"gateway:{one.pk}": 0, f"gateway:{other.pk}": 5}


# The platform -----------------------------------------------------------------------------------------------------------------------
def test_how_long_the_oldest_callback_waits() -> None:
    assert values(rule(AlertKind.OLDEST_CALLBACK)) == {"all": 0}
    given_up(1)
    Callback.objects.update(state=CallbackState.PENDING, finished_at=None, due_at=timezone.now() - MINUTES(7))
    assert values(rule(AlertKind.OLDEST_CALLBACK)) == {"all": 7}


def test_each_trouble_of_the_platform_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def said(*troubles: Trouble) -> Callable[[str], Any]:
        return lambda name: lambda: list(troubles)

    monkeypatch.setattr(
        measures, "import_string", said(Trouble("loops", "Leases failed.", "Calls go on.", "Report it."), Trouble("spool", "A", "B", "C"))
    )
    assert found(rule(AlertKind.PLATFORM)) == {
        Subject(trouble="loops"): Seen(Decimal(1), words="Leases failed. Calls go on."),
        Subject(trouble="spool"): Seen(Decimal(1), words="A B"),
    }


def test_the_platform_itself_is_asked() -> None:
    assert found(rule(AlertKind.PLATFORM)) == {}, "though no worker has done anything yet: it is one that asks"
    Heartbeat.objects.create(name="reaper", beat_at=timezone.now() - MINUTES(10))
    assert found(rule(AlertKind.PLATFORM))[Subject(trouble="beat")].words.startswith("The worker has done nothing for 10 minutes")


def test_streams_without_a_host_or_a_gateway_have_no_subject() -> None:
    streams(5, failed=5)
    Stream.objects.update(service_host="")
    assert values(rule(AlertKind.CONNECTION_ERRORS, scope=EACH_HOST)) == {} and values(rule(AlertKind.CONNECTION_ERRORS)) == {"all": 5}
