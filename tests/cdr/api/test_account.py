"""The account, and what it has none of, as the API answers them and as the published Python SDK takes them."""

from collections.abc import Iterator
from typing import Any

import plivo
import plivo.rest.client
import pytest
from plivo.exceptions import ResourceNotFoundError

from cdr.api.account import NONE_HERE
from tests.cdr.api.customers import Customer
from tests.cdr.api.test_python_sdk import BASES


def test_the_account_in_plivos_form_and_without_its_token(acme: Customer) -> None:
    account = acme.get("").json()
    assert account.pop("api_id")
    assert account == {
        **{"auth_id": acme.account.auth_id, "name": acme.account.name, "resource_uri": f"/v1/Account/{acme.account.auth_id}/"},
        **{"account_type": "standard", "billing_mode": "postpaid", "cash_credits": "0.00000", "auto_recharge": False, "timezone": "UTC"},
        **{"address": "", "city": "", "state": ""},
    }


@pytest.mark.parametrize("kind", NONE_HERE)
def test_an_empty_list_of_what_there_is_none_of(acme: Customer, kind: str) -> None:
    for path in (f"{kind}/", kind):
        answer = acme.get(path)
        assert answer.status_code == 200 and answer.json()["conferences" if kind == "Conference" else "objects"] == []
    if kind != "Conference":
        assert answer.json()["meta"] == {"limit": 20, "offset": 0, "next": None, "previous": None, "total_count": 0, "count": 0}
        assert acme.get(f"{kind}/", {"limit": "5", "offset": "10"}).json()["meta"]["limit"] == 5


def test_nothing_else_became_a_list(acme: Customer, globex: Customer) -> None:
    for path in ("Applications/", "application/", "Application/123/", "Recording/x/", "NumberX/", "Pricing/"):
        assert acme.get(path).status_code == 404, path
    assert acme.get("Application/", {"limit": "21"}).status_code == 400
    assert acme.post("", {"name": "Other"}).status_code == acme.delete("Recording/").status_code == 405
    assert globex.get(acme.base).status_code == globex.get(f"{acme.base}Recording/").status_code == 401


@pytest.fixture
def sdk(live_server: Any, acme: Customer, monkeypatch: pytest.MonkeyPatch) -> Iterator[plivo.RestClient]:
    for name in BASES:
        monkeypatch.setattr(plivo.rest.client, name, f"{live_server.url}/v1/Account")
    with plivo.RestClient(acme.account.auth_id, acme.auth_token) as client:
        yield client


@pytest.mark.django_db(transaction=True)
def test_the_sdk_reads_the_account_and_walks_empty_lists(sdk: plivo.RestClient, acme: Customer) -> None:
    account = sdk.account.get()
    assert (account.auth_id, account.name, account.cash_credits) == (acme.account.auth_id, acme.account.name, "0.00000")
    for resource in ("applications", "endpoints", "messages", "multi_party_calls", "numbers", "recordings", "subaccounts"):
        listed = getattr(sdk, resource).list()
        assert list(listed) == [] and listed.meta.total_count == 0, resource
        assert list(getattr(sdk, resource)) == [], f"for each in client.{resource}"
    assert sdk.applications.list(limit=5, offset=0).objects == []
    assert sdk.conferences.list().conferences == []
    assert sdk.numbers.search("US").objects == []
    assert sdk.powerpacks.list().objects == sdk.media.list().objects == []
    with pytest.raises(ResourceNotFoundError):
        sdk.recordings.get("4a1f0a3e-0000-4000-8000-000000000000")
