"""Pages of calls of which something was removed, and the page of retention."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cdr import retention
from cdr.models import AuditEntry
from cdr.pure.retention import Kind
from cdr.retention.removal import remove
from streams.models import Account, Call, Callback, CallbackState
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import good_call

RETENTION = "/admin/cdr/retentionrun/"


@pytest.fixture
def call(db) -> Call:
    return good_call(make_gateway(), timezone.now() - timedelta(days=40))


def today() -> str:
    return f"{timezone.now():%Y-%m-%d}"


def test_a_call_without_its_numbers_says_so_and_still_tells_its_story(operator, call) -> None:
    remove(Kind.NUMBERS, [call], timezone.now())
    text = read(operator, f"/admin/cdr/calldetail/{call.uuid}/change/").text
    assert f"Retention removed the phone numbers on {today()}." in text
    assert "+•••••••••23 called +•••••••••00 at" in text and "The stream to bot.example.com ran for" in text
    assert "14155550123" not in text
    listed = read(operator, "/admin/cdr/calldetail/").text
    assert "+•••••••••23" in listed
    assert "A number that retention removed is not found." in read(operator, "/admin/cdr/calldetail/?q=%2B14155550123").text


def test_a_log_without_payloads_reads_line_by_line(operator, call) -> None:
    remove(Kind.PAYLOADS, [call], timezone.now())
    stream = call.streams.get()
    text = read(operator, f"/admin/cdr/streamdetail/{stream.uuid}/debug-log/").text
    assert "Retention removed the payloads" in text
    for words in ("A digit was pressed on the call.", "Streaming began", "The stream ended"):
        assert words in text
    assert "Digit 5" not in text and "{" not in text.partition("Debug log")[2]


def test_a_log_without_events_says_that_nothing_is_left_but_callbacks_and_bill(operator, call) -> None:
    Callback.objects.all().delete()
    remove(Kind.EVENTS, [call], timezone.now())
    log = read(operator, f"/admin/cdr/calldetail/{call.uuid}/debug-log/").text
    assert "Retention removed the events of the debug log" in log and "Nothing has been written yet" not in log
    assert "The stream to bot.example.com ran for" in read(operator, f"/admin/cdr/calldetail/{call.uuid}/change/").text


def test_a_callback_that_is_not_whole_says_so_and_cannot_be_sent_again(operator, call) -> None:
    remove(Kind.PAYLOADS, [call], timezone.now())
    callback = Callback.objects.first()
    page = f"/admin/streams/callback/{callback.pk}/change/"
    shown = read(operator, page)
    assert "Removed by retention." in shown.text and "cannot be sent again" in shown.text
    assert "resend" not in " ".join(shown.links)
    answer = operator.post(f"/admin/streams/callback/{callback.pk}/resend/", follow=True)
    assert "could not go out as it was" in answer.content.decode()
    chosen = {"action": "resend_selected", "confirmed": "yes", "_selected_action": [callback.pk]}
    assert "retention removed a part" in operator.post("/admin/streams/callback/", chosen, follow=True).content.decode()
    assert Callback.objects.get(pk=callback.pk).state == CallbackState.DELIVERED and not AuditEntry.objects.exists()


def test_the_page_says_what_would_be_removed_and_what_was(administrator, call, settings) -> None:
    assert "everything is kept for ever" in read(administrator, RETENTION).text
    settings.RETAIN_NUMBERS_DAYS = 30
    page = read(administrator, RETENTION)
    assert "phone numbers 30 days" in page.text and page.rows[1][:3] == ["Acme Robotics", "1", "30 days"]
    assert "There has been none." in page.text
    retention.apply_all()
    page = read(administrator, RETENTION)
    assert page.rows[1][:2] == ["Acme Robotics", "0"] and "Acme Robotics: numbers of 1 call" in page.text
    assert not page.inline


def test_an_accounts_days_are_set_on_its_page_and_audited(administrator, call) -> None:
    page = f"/admin/streams/account/{call.account_id}/edit/"
    form = administrator.get(page).context_data["adminform"].form
    values = {name: form[name].value() for name in form.fields if form[name].value() is not None} | {"retain_numbers_days": "90"}
    assert administrator.post(page, values).status_code == 302
    assert Account.objects.get().retain_numbers_days == 90
    assert AuditEntry.objects.get().details == {"retain_numbers_days": ["", "90"]}
    assert administrator.post(page, values | {"retain_events_days": "36501"}).status_code == 200


def test_it_is_for_administrators(operator, support, call) -> None:
    assert operator.get(RETENTION).status_code == support.get(RETENTION).status_code == 403


def test_its_queries_do_not_grow_with_the_accounts(administrator, call, settings, django_assert_max_num_queries) -> None:
    settings.RETAIN_NUMBERS_DAYS = settings.RETAIN_PAYLOADS_DAYS = settings.RETAIN_EVENTS_DAYS = 30
    for index in range(20):
        make_gateway(f"more-{index}", f"More {index}")
    with django_assert_max_num_queries(11):
        read(administrator, RETENTION)
