"""The list of customers' hosts, the page of one, and what its doors do."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from cdr import roles
from cdr.models import AuditEntry
from streams import host_blocks
from streams.host_blocks import HostOf
from streams.models import Account, Callback, CallbackState, Stream
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.admin.reading import listed, read
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import closed_call, good_call, live_call, refused_call

HOSTS = "/admin/cdr/hostdetail/"


@pytest.fixture
def auth_id(db) -> str:
    """Of an account with two streams to one host, of which one failed, and with one that lives."""
    now, gateway = timezone.now(), make_gateway()
    good_call(gateway, now - timedelta(minutes=9)), closed_call(gateway, now - timedelta(minutes=2)), live_call(gateway, now)
    return str(gateway.account.auth_id)


def page_of(auth_id: str, host: str = "bot.example.com") -> str:
    return f"{HOSTS}of/{auth_id}/{host}/"


def test_each_figure_is_the_number_of_rows_of_the_list_behind_it(operator, auth_id) -> None:
    lists = [link for link in read(operator, HOSTS).links if "host=" in link]
    assert len(lists) == 3 * 5
    failed = [link for link in lists if "reason=" in link]
    assert [len(listed(operator, link).result_list) for link in failed] == [1, 1, 1, 1]
    assert [len(listed(operator, link).result_list) for link in lists if "state=live" in link] == [1, 1]
    assert all("host=hooks.example.com%3A443" in link for link in lists if "callback" in link)
    for link in lists:
        listed(operator, link)


def test_the_list_in_few_queries_however_many_hosts(support, auth_id, django_assert_max_num_queries) -> None:
    """Three say who asks and what they may; one how far back is counted; a table of streams takes five, one of callbacks four; accounts and
    blocks one each. Each counts other rows, by an index of its own: two of them together cost more than both."""
    with django_assert_max_num_queries(15):
        assert "worker crashed" in read(support, HOSTS).text
    stream = Stream.objects.first()
    many = [
        Stream(
            call=stream.call,
            account=stream.account,
            call_started_at=timezone.now(),
            requested_at=timezone.now(),
            service_host=f"{n}.example",
        )
        for n in range(200)
    ]
    Stream.objects.bulk_create(many)
    with django_assert_max_num_queries(15):
        page = read(support, HOSTS)
    assert "The 20 hosts that fail most are shown" in page.text and len(page.html) < 120_000


def test_on_a_phone_each_value_has_its_label_and_what_is_not_there_has_no_row(support, auth_id) -> None:
    html = read(support, HOSTS).html
    cells = re.findall(r"<td[^>]*>", html)
    assert cells and all("data-label" in cell or "data-none" in cell or "whose" in cell for cell in cells)
    assert 'data-label="Circuit"' in html and 'data-label="Failures, 24 h"' in html and 'data-label="Last error"' in html


def test_the_list_is_narrowed_by_account_host_and_kind(support, auth_id) -> None:
    assert "recorder.example.com" in read(support, f"{HOSTS}?q=REC").text and "bot.example.com" not in read(support, f"{HOSTS}?q=REC").text
    assert "hooks.example.com" not in read(support, f"{HOSTS}?kind=services").text
    assert "bot.example.com" in read(support, f"{HOSTS}?account={auth_id}").text
    assert "bot.example.com" in read(support, f"{HOSTS}?q=acme rob").text
    nothing = read(support, f"{HOSTS}?q=nowhere.example").text
    assert "begins with “nowhere.example”" in nothing and "looked for by their beginning" in nothing


@pytest.mark.parametrize("query", ["kind=other", "account=MA0", "host=bot", "q=a&q=b", "q=%00"])
def test_what_is_not_understood_shows_no_row(support, auth_id, query) -> None:
    page = read(support, f"{HOSTS}?{query}", status=400)
    assert "No row is shown" in page.text and "bot.example.com" not in page.text


def test_the_page_of_a_host(operator, auth_id, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(20):
        page = read(operator, page_of(auth_id))
    assert "fails now" in page.text and "worker crashed" in page.text and "1 stream goes to bot.example.com now" in page.text
    for link in page.links:
        if "host=" in link:
            listed(operator, link)
    assert any("/urltest/ask/" in link for link in page.links)


def test_a_hand_that_edits_the_address(support, auth_id) -> None:
    assert support.get(page_of(auth_id, "BOT.example.com.")).headers["Location"] == page_of(auth_id)
    for address in (
        page_of(auth_id, "other.example"),
        page_of("MA00000000000000000X"),
        page_of(auth_id, "%3Cscript%3E"),
        page_of("x" * 300),
        page_of("%00"),
    ):
        assert support.get(address).status_code == 404, address


def test_a_stream_leads_to_its_host(support, auth_id) -> None:
    stream = Stream.objects.filter(service_host="bot.example.com").first()
    assert support.get(f"{HOSTS}{stream.uuid}/change/").headers["Location"] == page_of(auth_id)


def test_an_ipv6_host_and_a_name_of_another_script(support, auth_id) -> None:
    stream = Stream.objects.filter(service_host="bot.example.com").first()
    for written, host in (("[2001:DB8:0::1]", "2001:db8::1"), ("bücher.example", "xn--bcher-kva.example")):
        Stream.objects.filter(pk=stream.pk).update(service_host=host)
        assert support.get(page_of(auth_id, written), follow=True).redirect_chain[-1][0].endswith(f"/{host}/")
        assert [row.pk for row in listed(support, f"/admin/cdr/streamdetail/?host={written}:8443&state=").result_list] == []
        assert [row.pk for row in listed(support, f"/admin/cdr/streamdetail/?host={written}").result_list] == [stream.pk]
        assert host in read(support, f"{HOSTS}?q={written}").text


def test_hostile_names_stay_text(support, auth_id) -> None:
    Account.objects.update(name="\u202e<b>evil</b>")
    Stream.objects.filter(end_cause="customer_closed").update(end_details="\u202egnp.<img src=x onerror=1>")
    for address in (HOSTS, page_of(auth_id), "/admin/"):
        page = read(support, address)
        assert "<b>evil" not in page.html and "<img" not in page.html and not page.inline
        assert "<bdi>" in page.html


def test_numbers_in_an_error_are_masked_for_who_may_not_see_them(support, operator, auth_id) -> None:
    stream = Stream.objects.select_related("call").get(end_cause="customer_closed")
    Stream.objects.filter(pk=stream.pk).update(end_details=f"No such user {stream.call.from_number}.")
    for address in (HOSTS, page_of(auth_id)):
        assert stream.call.from_number in read(operator, address).text
        seen = read(support, address).text
        assert stream.call.from_number not in seen and "No such user" in seen


def test_who_may_not_see_callbacks_sees_services_only(db, auth_id) -> None:
    clerk = signed_in(person("clerk", roles.BILLING))
    assert "bot.example.com" in read(clerk, HOSTS).text and "hooks.example.com" not in read(clerk, HOSTS).text
    assert "Its status callbacks" not in read(clerk, page_of(auth_id)).text


def test_a_failing_host_and_who_must_act_are_three_steps_away(support, auth_id) -> None:
    """From the first page to the host, to the stream that failed last, to its debug log."""
    board = read(support, "/admin/")
    host = read(support, next(link for link in board.links if link == page_of(auth_id)))
    latest, failed = [link for link in host.links if "/streamdetail/" in link and link.endswith("/change/")]
    stream = read(support, failed)
    log = next(link for link in stream.links if link.endswith("/debug-log/"))
    assert "worker crashed" in read(support, log).text and latest != failed


# Trying its callbacks now --------------------------------------------------------------------------------------------------
def test_what_a_host_missed_is_sent_again_at_once(operator, support, auth_id) -> None:
    refused_call(make_gateway(), timezone.now())
    dropped = Callback.objects.get(event="DroppedStream", state=CallbackState.GIVEN_UP)
    address = f"{HOSTS}try-now/{auth_id}/hooks.example.com/"
    assert support.get(address).status_code == support.post(address).status_code == 403
    assert dropped.message_id in read(operator, address).text
    page = operator.post(address, follow=True).content.decode()
    dropped.refresh_from_db()
    assert dropped.state == CallbackState.PENDING and "will be tried within seconds" in page
    assert AuditEntry.objects.filter(act="resend a callback").exists()


def test_what_waits_for_a_blocked_host_is_not_tried(operator, auth_id) -> None:
    host_blocks.block(HostOf(Account.objects.get(), "hooks.example.com"), "", "maria")
    assert "This host is blocked" in read(operator, f"{HOSTS}try-now/{auth_id}/hooks.example.com/").text


def test_where_nothing_waits_there_is_nothing_to_try(operator, auth_id) -> None:
    Callback.objects.update(state=CallbackState.DELIVERED)
    assert "none was given up" in read(operator, f"{HOSTS}try-now/{auth_id}/hooks.example.com/").text
