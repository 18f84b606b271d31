"""What a search finds among calls and among streams."""

from datetime import timedelta

import pytest

from streams.models import Call, Gateway, Stream
from tests.cdr import factories
from tests.cdr.admin.reading import read
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
    return [next(filter(None, row))[:10] for row in read(client, path.rstrip("/") + "/?" + f"q={text}").rows[1:]]


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_by_the_uuid_of_the_call_or_of_its_stream(support, wanted, path) -> None:
    for uuid in (wanted.uuid, wanted.streams.get().uuid):
        for text in (str(uuid), uuid.hex, str(uuid).upper(), uuid.hex[:9], str(uuid)[:13], f"%22{uuid}%22", f"StreamID:+{uuid}"):
            assert found(support, path, text) == ["2024-11-22"], text


@pytest.mark.parametrize("path", [CALLS, STREAMS])
@pytest.mark.parametrize(
    "text", ["%2B14155550123", "14155550123", "%2B1+(415)+555-0123", "415-555-0123", "4155550", "0014155550123", "18005550100"]
)
def test_by_a_number_in_any_form(support, wanted, path, text) -> None:
    assert found(support, path, text) == ["2024-11-22"]


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_by_a_sip_address(support, wanted, path) -> None:
    assert found(support, path, "desk@pbx") == found(support, path, "sip:DESK") == ["2024-11-23"]


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
def test_digits_that_begin_a_uuid_and_a_number(support, wanted, path) -> None:
    """Either may be meant, so both are found."""
    Stream.objects.filter(call__from_number="+442079460000").update(uuid="14155550-0000-4000-8000-000000000000")
    assert found(support, path, "14155550") == ["2024-11-23", "2024-11-22"]


@pytest.mark.parametrize("path", [CALLS, STREAMS])
@pytest.mark.parametrize("text", ["26b95870-2b2f-45be-88dc-aedd0fcccec6", "+19995550000", "nobody", "%27;--", "%25", "_"])
def test_what_is_not_there_is_not_found(support, wanted, path, text) -> None:
    assert found(support, path, text) == []


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_an_empty_search_finds_everything(support, wanted, path) -> None:
    assert len(found(support, path, "++")) == 3


def test_search_and_filters_work_together(support, wanted) -> None:
    assert found(support, CALLS, "415&reason=Call+hangup") == ["2024-11-22"]
    assert found(support, CALLS, "415&reason=Connection+error") == []
