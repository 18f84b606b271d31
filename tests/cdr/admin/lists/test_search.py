"""What a search finds among calls and among streams."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User

from cdr.exports import SELECTORS
from cdr.models import Export
from streams.models import Account, Call, Gateway, Stream
from tests.cdr import factories
from tests.cdr.admin.reading import listed
from tests.cdr.call_script import STARTED, make_gateway
from tests.rows_again import made_once

CALLS, STREAMS = "/admin/cdr/calldetail/", "/admin/cdr/streamdetail/"


@pytest.fixture
def gateway(db) -> Gateway:
    return make_gateway()


@made_once
def three_calls() -> None:
    gateway = make_gateway()
    factories.good_call(gateway, caller="+442079460000", called="+18005550199")
    factories.good_call(gateway, caller="", called="sip:desk@pbx.example.com")
    factories.good_call(gateway, STARTED - timedelta(days=1), caller="+14155550123", called="+18005550100")


@pytest.fixture
def wanted(db) -> Call:
    """The call to be found; others stand around it."""
    three_calls()
    return Call.objects.earliest("started_at")


def found(client, path: str, text: str) -> list[str]:
    """The time of each row that was found: it tells the wanted call from the others."""
    began = "started_at" if path == CALLS else "call_started_at"
    return [f"{getattr(row, began):%Y-%m-%d}" for row in listed(client, f"{path}?q={text}").result_list]


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_by_the_uuid_of_the_call_or_of_its_stream(support, wanted, path) -> None:
    for uuid in (wanted.uuid, wanted.streams.get().uuid):
        for text in (str(uuid), uuid.hex, str(uuid).upper(), uuid.hex[:9], str(uuid)[:13], f"%22{uuid}%22", f"StreamID:+{uuid}"):
            assert found(support, path, text) == ["2024-11-22"], text


@pytest.mark.parametrize("path", [CALLS, STREAMS])
@pytest.mark.parametrize(
    "text", ["%2B14155550123", "14155550123", "%2B1+(415)+555-0123", "415-555-0123", "4155550", "0014155550123", "18005550100"]
)
def test_by_a_number_in_any_form(operator, wanted, path, text) -> None:
    assert found(operator, path, text) == ["2024-11-22"]


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_by_a_sip_address(operator, wanted, path) -> None:
    assert found(operator, path, "desk@pbx") == found(operator, path, "sip:DESK") == ["2024-11-23"]


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_a_national_number_by_the_countries_of_the_accounts_or_by_what_a_number_ends_with(operator, wanted, path) -> None:
    assert found(operator, path, "020+7946+0000") == ["2024-11-23"] and found(operator, path, "020+7946") == []
    Account.objects.update(country="GB")
    assert found(operator, path, "020+7946+0000") == found(operator, path, "020+7946") == ["2024-11-23"]


# Who may not see numbers ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", [CALLS, STREAMS])
@pytest.mark.parametrize("text", ["%2B14155550123", "1+(415)+555-0123", "415+555+0123", "0123", "%2B%E2%80%A2%E2%80%A2%E2%80%A20123"])
def test_a_masked_number_is_found_whole_and_by_the_digits_that_are_shown(support, wanted, path, text) -> None:
    assert found(support, path, text) == ["2024-11-22"]


@pytest.mark.parametrize("path", [CALLS, STREAMS])
@pytest.mark.parametrize("text", ["1415", "%2B1415555012", "50123", "4155550", "141", "desk@pbx", "sip:desk", "%E2%80%A250123"])
def test_a_masked_number_is_never_narrowed_down(support, operator, wanted, path, text) -> None:
    assert found(support, path, text) == []
    assert found(operator, path, text) != [], "there is something to be found"


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_a_hidden_address_is_found_whole(support, wanted, path) -> None:
    assert found(support, path, "SIP:desk@pbx.example.com") == ["2024-11-23"]


def test_an_export_finds_what_its_owner_finds_in_the_list(support, operator, wanted) -> None:
    """It is read later, without a browser."""
    user = User.objects.get(username="support")
    user.user_permissions.add(Permission.objects.get(codename="add_export"))
    for query, rows in (("q=1415", 0), ("q=0123", 1)):
        export = Export(owner=User.objects.get(pk=user.pk), section="cdr_calldetail", query=query)
        assert SELECTORS["cdr_calldetail"](export).rows.count() == rows


HOSTS = ["other.example.net", "OTHER.example.net:8443", "wss://other.example.net/in", "wss://other.example.net:8443", "other.exam"]


@pytest.mark.parametrize("path", [CALLS, STREAMS])
@pytest.mark.parametrize("text", HOSTS)
def test_by_the_host_of_the_service(support, wanted, path, text) -> None:
    Stream.objects.filter(call=wanted).update(service_url="wss://other.example.net:8443/in", service_host="other.example.net")
    assert found(support, path, text) == ["2024-11-22"]
    assert found(support, path, text + "&reason=Call+hangup") == ["2024-11-22"]
    assert found(support, path, text + "&reason=Connection+error") == []


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_another_port_of_the_host_is_not_found(support, wanted, path) -> None:
    Stream.objects.filter(call=wanted).update(service_url="wss://other.example.net:8443/in", service_host="other.example.net")
    assert found(support, path, "other.example.net:9443") == []


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_digits_that_begin_a_uuid_and_a_number(operator, wanted, path) -> None:
    """Either may be meant, so both are found."""
    Stream.objects.filter(call__from_number="+442079460000").update(uuid="14155550-0000-4000-8000-000000000000")
    assert found(operator, path, "14155550") == ["2024-11-23", "2024-11-22"]


@pytest.mark.parametrize("path", [CALLS, STREAMS])
@pytest.mark.parametrize("text", ["26b95870-2b2f-45be-88dc-aedd0fcccec6", "+19995550000", "nobody", "%27;--", "%25", "_"])
def test_what_is_not_there_is_not_found(support, wanted, path, text) -> None:
    assert found(support, path, text) == []


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_an_empty_search_finds_everything(support, wanted, path) -> None:
    assert len(found(support, path, "++")) == 3


def test_search_and_filters_work_together(operator, wanted) -> None:
    assert found(operator, CALLS, "415&reason=Call+hangup") == ["2024-11-22"]
    assert found(operator, CALLS, "415&reason=Connection+error") == []
