"""A customer's first hour, page by page as the links lead: invited, signed in, why a stream died, its log, a statement, and no way to the
neighbour's."""

import re

import pytest
from django.conf import settings
from django.test import Client

from cdr import invitations
from cdr.invitation_rows import Invitation
from cdr.member_rows import Role
from streams.models import Account, Stream
from tests.cdr.desk.two_accounts import OTHER, OWN, at_desk, marks, other_rows, own_rows

pytestmark = pytest.mark.django_db
PASSWORD = "plough anvil trumpet cedar"


def test_from_the_invitation_to_the_statement(settings_of_mail: None) -> None:
    own_rows()
    other_rows()
    account = Account.objects.get(name=OWN)
    at_desk(role=Role.MANAGER).post(f"/desk/members/{account.auth_id}/invite/", {"email": "dora@example.org", "role": "viewer"})
    link = invitations.link_of(Invitation.objects.get(email="dora@example.org")).removeprefix("http://testserver")
    dora, seen = Client(), []

    def follows(page: str, words: str) -> str:
        """The page behind the first link that matches."""
        found = re.search(words, page)
        assert found, words
        answer = dora.get(found[1].replace("&amp;", "&"))
        assert answer.status_code == 200, found[1]
        seen.append(answer.content.decode())
        return seen[-1]

    calls = dora.post(link, {"username": "dora", "password1": PASSWORD, "password2": PASSWORD}, follow=True).content.decode()
    failed = dora.get("/desk/calls/?cause=connect_failed").content.decode()
    call = follows(failed, r'href="(/desk/calls/[0-9a-f-]{36}/)[?"]')
    assert "502 Bad Gateway" in call and "It was tried 3 times." in call
    stream = follows(call, r'href="(/desk/streams/[0-9a-f-]{36}/)"')
    log = follows(stream, r'href="(/desk/streams/[0-9a-f-]{36}/debug-log/)"')
    assert "502 Bad Gateway" in log and 'data-path="/desk/live/stream/' in log
    statements = follows(calls, r'href="(/desk/statements/)"')
    statement = follows(statements, r'href="(/desk/statements/[^"]+/USD/2024-11/)"')
    assert "USD" in follows(statement, r'href="(/desk/statements/[^"]+/csv/)"')
    theirs = Stream.objects.filter(account__name=OTHER)[0]
    assert dora.get(f"/desk/streams/{theirs.uuid}/").status_code == 404 and dora.get("/admin/cdr/calldetail/").status_code == 302
    assert not [mark for mark in marks() if mark in calls + failed + "".join(seen)]


@pytest.fixture
def settings_of_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "PUBLIC_URL", "http://testserver")
