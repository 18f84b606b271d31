"""Forms whose answer is shown once, sent again, as a reload of that page does: nothing is made twice, and nothing noted is undone."""

import re
import time

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP

from cdr import roles
from cdr.admin.entry.sent_before import MARKS_KEPT, SENT
from cdr.member_rows import Role
from cdr.models import AuditEntry, AuthenticatorApp, LogLink
from cdr.sign_in import second_factor
from streams.models import AuthToken
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.call_script import make_gateway
from tests.cdr.desk.two_accounts import at_desk
from tests.cdr.factories import closed_call

pytestmark = pytest.mark.django_db
SECOND_FACTOR = "/admin/second-factor/"


@pytest.fixture
def maria(db) -> Client:
    return signed_in(person("maria", roles.ADMINISTRATOR))


def mark_of(client: Client, page: str) -> str:
    (found,) = re.findall(r'name="mark" value="([^"]+)"', client.get(page).content.decode())
    return found


def link_in(response) -> str:
    return "".join(re.findall(r'id="made-link"[^>]*>http://testserver([^<]+)<', response.content.decode()))


# A link to a debug log -------------------------------------------------------------------------------------------------
def test_a_reload_shows_the_same_link_and_makes_none(maria) -> None:
    page = f"/admin/cdr/streamdetail/{closed_call(make_gateway()).streams.get().uuid}/share-log/"
    sent = {"lasts": "24", "made_for": "ticket 7", "mark": mark_of(maria, page)}
    first, again = (link_in(maria.post(page, sent)) for _ in range(2))
    assert first == again != "" and LogLink.objects.count() == AuditEntry.objects.filter(act="share a debug log").count() == 1
    for other in ({**sent, "lasts": "72"}, {**sent, "details": "on"}, {**sent, "mark": mark_of(maria, page)}):
        assert link_in(maria.post(page, other)) not in ("", first), "another was asked for"
    nikos = signed_in(person("nikos", roles.ADMINISTRATOR))
    assert link_in(nikos.post(page, sent)) not in ("", first), "whoever knows the mark has not the link"
    LogLink.objects.update(revoked_at=timezone.now())
    response = maria.post(page, sent)
    assert not link_in(response) and "works no more. Open the form anew" in response.content.decode() and LogLink.objects.count() == 5


# An auth token ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("site", ["console", "desk"])
def test_a_reload_makes_no_token_also_when_the_first_has_ended(maria, site) -> None:
    account = make_gateway().account
    client = maria if site == "console" else at_desk(account.name, Role.MANAGER)
    page = f"/admin/streams/account/{account.pk}/new-token/" if site == "console" else f"/desk/tokens/{account.auth_id}/new/"
    sent = {"name": "", "mark": mark_of(client, page)}
    assert "errorlist" in client.post(page, sent).content.decode(), "what was wrong may be corrected"
    sent["name"] = "billing"
    assert client.post(page, sent).status_code == 200
    secret = AuthToken.objects.get().secret
    for ends_at in (None, timezone.now()):
        AuthToken.objects.update(ends_at=ends_at)
        told = client.post(page, sent, follow=True).content.decode()
        assert "No other token was made: this form was sent before." in told and secret not in told
    assert AuthToken.objects.count() == 1
    assert client.post(page, {"name": "another", "mark": mark_of(client, page)}).status_code == 200 and AuthToken.objects.count() == 2


# One's own second factor -----------------------------------------------------------------------------------------------
def test_a_reload_keeps_the_secret_and_the_recovery_codes_that_were_shown(maria) -> None:
    begin = {"begin": "yes", "mark": mark_of(maria, SECOND_FACTOR)}
    secrets = [maria.post(SECOND_FACTOR, begin).context_data["secret"] for _ in range(2)]
    assert secrets[0] == secrets[1] and AuthenticatorApp.objects.count() == 1
    device = AuthenticatorApp.objects.get()
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    totp.time = time.time()
    confirm = {"confirm": "yes", "code": f"{totp.token():06}"}
    codes = maria.post(SECOND_FACTOR, confirm).context_data["codes"]
    assert "It is set up already. The recovery codes were shown once" in maria.post(SECOND_FACTOR, confirm).content.decode()
    again = {"codes": "yes", "mark": mark_of(maria, SECOND_FACTOR)}
    newer = maria.post(SECOND_FACTOR, again).context_data["codes"]
    told = maria.post(SECOND_FACTOR, again)
    assert "No others were made." in told.content.decode() and not told.context_data.get("codes")
    user = User.objects.get(username="maria")
    assert second_factor.check(user, newer[0]).right and not second_factor.check(user, codes[0]).right


def test_a_session_keeps_a_few_marks(maria) -> None:
    for _ in range(MARKS_KEPT + 2):
        maria.post(SECOND_FACTOR, {"begin": "yes", "mark": mark_of(maria, SECOND_FACTOR)})
    assert len(maria.session[SENT]) == MARKS_KEPT
