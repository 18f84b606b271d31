"""The desk's find page: to one's own lists and applications, and to nothing of anybody else."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cdr.desk.records import name_of_row
from streams.models import Application
from tests.cdr.desk import two_accounts
from tests.cdr.desk.two_accounts import CANARY, OTHER, OWN, at_desk

pytestmark = pytest.mark.django_db


def found(client: Client, text: str) -> str:
    html = client.get("/desk/find/", {"q": text}).content.decode()
    return html.split('id="found"')[1].split('id="keys"')[0]


def test_names_lead_to_one_s_own_applications_and_to_no_other() -> None:
    two_accounts.own_rows()
    two_accounts.other_rows()
    client = at_desk()
    own = Application.objects.filter(account__name=OWN)[0]
    assert f'href="/desk/applications/{name_of_row(own)}/"' in found(client, own.name.upper()[:4])
    for text in (CANARY, OTHER, CANARY[:3], OTHER[:3]):
        links = found(client, text)
        assert links.count("href=") == links.count("/?q=") == 2 and 'href="/desk/calls/?q=' in links
    assert 'href="/desk/callbacks/"' in found(client, "callb") and "/admin/" not in found(client, "")
    with CaptureQueriesContext(connection) as queries:
        found(client, own.name)
    assert len(queries) <= 5
