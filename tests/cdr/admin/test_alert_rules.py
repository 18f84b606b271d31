"""The form of a rule that a person understands: what would watch nothing is refused at its field; what it would have found is shown."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cdr.admin.alert_rule_form import AlertRuleForm
from cdr.alert_rows import Alert, AlertNotice, AlertRule
from cdr.models import AuditEntry
from cdr.pure.alerts.kinds import AlertKind, AlertScope
from streams import jobs
from streams.models import Account
from tests.cdr.alerts.rows import alert, channel, only, rule, streams
from tests.cdr.call_script import make_gateway

pytestmark = pytest.mark.django_db

LIST = "/admin/cdr/alertrule/"
FORM = {
    **{"name": "Streams of Acme fail", "enabled": "on", "kind": "connection_error_share", "threshold": "20", "window_minutes": "10"},
    **{"least_count": "10", "scope": "all", "repeat_minutes": "60", "time_zone": "UTC"},
}


@pytest.fixture
def account() -> Account:
    return make_gateway().account


def errors(**changes: Any) -> dict[str, list[str]]:
    return AlertRuleForm({**FORM, **changes}).errors


def test_a_rule_is_made_and_reads_as_a_sentence(operator: Client, account: Account) -> None:
    ops = channel(name="Ops")
    sent = {**FORM, "scope": "account", "account": account.pk, "channels": [ops.pk], "quiet_from": "22:00", "quiet_to": "07:00"}
    answer = operator.post(f"{LIST}add/", {**sent, "time_zone": "Europe/Berlin"}, follow=True)
    made = AlertRule.objects.get(name="Streams of Acme fail")
    assert answer.status_code == 200 and made.channels.get() == ops and made.due_at is None
    html = operator.get(f"{LIST}{made.pk}/change/").content.decode()
    assert (
        "When 20 % or more of streams end with a connection error within 10 minutes (of 10 or more), for the account Acme Robotics" in html
    )
    assert "tell Ops, again every 60 minutes; not from 22:00 to 07:00 (Europe/Berlin)" in html
    assert AuditEntry.objects.get().act == "add"


@pytest.mark.parametrize(
    ("field", "changes", "words"),
    [
        ("threshold", {"threshold": "0"}, "At 0 the alert would be open all the time."),
        ("threshold", {"threshold": "101"}, "There are no more than 100 %"),
        ("threshold", {"threshold": "NaN"}, "Enter a number."),
        ("threshold", {"threshold": "1e20"}, "no more than 18 digits"),
        ("window_minutes", {"window_minutes": "0"}, "Write 1 to 1440 minutes (a day)."),
        ("window_minutes", {"window_minutes": "525600"}, "Write 1 to 1440 minutes (a day)."),
        ("window_minutes", {"window_minutes": ""}, "Write 1 to 1440."),
        ("scope", {"kind": "spend", "scope": "each_host"}, "This cannot be watched for any customer's host by itself."),
        ("account", {"scope": "account"}, "Say which account is to be watched."),
        ("gateway", {"scope": "gateway"}, "Say which gateway is to be watched."),
        ("host", {"scope": "host"}, "Say which host is to be watched."),
        ("host", {"scope": "host", "host": "https://bot.example.com/"}, "is not a host name"),
        ("time_zone", {"time_zone": "Berlin"}, "There is no such time zone."),
        ("time_zone", {"time_zone": "../../etc/passwd"}, "There is no such time zone."),
        ("quiet_to", {"quiet_from": "22:00"}, "write both, or neither"),
        ("quiet_from", {"quiet_to": "22:00"}, "write both, or neither"),
        ("quiet_to", {"quiet_from": "22:00", "quiet_to": "22:00"}, "They would end as they begin."),
        ("repeat_minutes", {"repeat_minutes": "1"}, "Write 5 to 10080 minutes"),
        ("repeat_minutes", {"repeat_minutes": "-5"}, "Write 5 to 10080 minutes"),
        ("name", {"name": "evil\nBcc: all@example.com"}, "line break"),
        ("name", {"name": "a\u202eb"}, "cannot be seen"),
        ("kind", {"kind": "everything"}, "Select a valid choice"),
        ("least_count", {"least_count": "-1"}, "greater than or equal to 0"),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_was_written(field: str, changes: dict[str, str], words: str) -> None:
    found = errors(**changes)
    assert set(found) == {field} and words in " ".join(found[field])


def test_what_is_about_now_needs_no_window_and_whom_it_is_not_about_is_left_out(account: Account) -> None:
    form = AlertRuleForm({**FORM, "kind": "no_calls", "window_minutes": "", "account": account.pk, "host": "bot.example.com"})
    assert form.is_valid(), form.errors
    made = form.save()
    assert (made.window_minutes, made.account, made.host) == (0, None, "")


def test_a_host_is_kept_as_streams_have_it() -> None:
    form = AlertRuleForm({**FORM, "scope": "host", "host": " Bot.Example.COM. "})
    assert form.is_valid() and form.save().host == "bot.example.com"


def change(client: Client, made: AlertRule, **changes: Any) -> None:
    sent = {**FORM, "name": made.name, "kind": made.kind, "channels": [place.pk for place in made.channels.all()], **changes}
    answer: Any = client.post(f"{LIST}{made.pk}/change/", sent)
    assert answer.status_code == 302, answer.context_data["adminform"].form.errors


def test_a_change_touches_nothing_that_a_worker_has_in_hand(operator: Client) -> None:
    made = only(AlertKind.CONNECTION_ERRORS)
    jobs.claim(made, timezone.now(), timedelta(minutes=3))
    change(operator, made, threshold="7")
    after = AlertRule.objects.get()
    assert after.threshold == 7 and after.claimed_by == made.claimed_by and after.due_at is None


def test_a_rule_that_watches_something_else_ends_what_is_open(operator: Client) -> None:
    one = alert()
    change(operator, one.rule, threshold="7")
    assert Alert.objects.get().closed_at is None
    change(operator, one.rule, scope="each_host")
    assert Alert.objects.get().closed_why == "The rule was changed, and watches something else."
    assert AlertNotice.objects.get().step == "closed"


def test_a_rule_that_is_removed_ends_what_is_open_and_says_so(administrator: Client) -> None:
    one = alert()
    assert administrator.post(f"{LIST}{one.rule_id}/delete/", {"post": "yes"}).status_code == 302
    one.refresh_from_db()
    assert one.rule is None and one.closed_at and AlertNotice.objects.get().step == "closed"


def test_what_does_not_work_is_told_where_the_rule_is(support: Client) -> None:
    made = only(AlertKind.CONNECTION_ERRORS, problem="The database refused the question: no. A worker's log has the rest.")
    made.channels.add(channel(name="Mail", failing_since=timezone.now(), last_error="The mail server answered 554: go away"))
    made.channels.add(channel(name="Old pager", enabled=False))
    html = support.get(f"{LIST}{made.pk}/change/").content.decode()
    for words in ("The database refused the question", "Mail has taken no message since", "554: go away", "Old pager is switched off"):
        assert words in html
    assert "cannot be looked at" in support.get(LIST).content.decode()


def test_the_list_is_in_words_and_few_queries(support: Client, django_assert_max_num_queries) -> None:
    for _ in range(20):
        rule(AlertKind.CONNECTION_ERRORS).channels.add(channel())
    with django_assert_max_num_queries(11):
        html = support.get(LIST).content.decode()
    assert "20 % or more of streams end with a connection error within 10 minutes" in html  # of the beginning


def test_an_installation_begins_with_rules_that_make_sense() -> None:
    for made in AlertRule.objects.all():
        values = {field: getattr(made, field) for field in ("name", "kind", "threshold", "window_minutes", "least_count", "scope")}
        again = AlertRuleForm({**FORM, **values, "enabled": made.enabled}, instance=made)
        assert again.is_valid(), (made.name, again.errors)
    assert AlertRule.objects.filter(enabled=True).count() == 8 and AlertRule.objects.count() == 10


# What it would have said ------------------------------------------------------------------------------------------------------------
def test_what_it_would_have_said_in_the_last_day(support: Client) -> None:
    streams(10, failed=5, ago=timedelta(hours=3))
    streams(10, failed=10, ago=timedelta(hours=3, minutes=-10))
    streams(10, host="well.example.com", ago=timedelta(hours=1))
    made = rule(AlertKind.CONNECTION_ERROR_SHARE, 20, scope=AlertScope.EACH_HOST.value)
    html = support.get(f"{LIST}{made.pk}/rehearsal/").content.decode()
    assert "bot.example.com" in html and "100.0 %: 10 of 10" in html and "well.example.com" not in html and html.count("<tr>") == 2


def test_what_leaves_no_trace_is_not_guessed_at(support: Client) -> None:
    made = rule(AlertKind.PLATFORM, 1)
    assert "leaves no trace" in support.get(f"{LIST}{made.pk}/rehearsal/").content.decode()


def test_a_rehearsal_writes_nothing_and_is_bounded(support: Client) -> None:
    made = rule(AlertKind.CONNECTION_ERRORS, 1, window_minutes=1)
    streams(3, failed=3, ago=timedelta(minutes=20))
    html = support.get(f"{LIST}{made.pk}/rehearsal/").content.decode()
    assert "every 5 minutes" in html and Alert.objects.count() == 0
    assert AlertRule.objects.get(pk=made.pk).threshold == Decimal(1)
