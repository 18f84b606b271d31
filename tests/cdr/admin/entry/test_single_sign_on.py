"""Signing in by a real identity provider: who gets in, with which roles, what becomes of them when it takes them away; and who does not."""

import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.test import Client

from cdr import roles
from cdr.admin.entry.single_sign_on import asked_just_now
from cdr.models import AuditEntry, OutsideIdentity
from cdr.sign_in import second_factor, sessions
from tests.cdr.admin.reading import Page
from tests.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider, identity_provider

pytestmark = pytest.mark.django_db
THERE, BACK, LOGIN = "/admin/login/single-sign-on/", "/admin/login/single-sign-on/back/", "/admin/login/"


@pytest.fixture(scope="module")
def running() -> Iterator[IdentityProvider]:
    with identity_provider() as provider:
        yield provider


@pytest.fixture
def provider(running: IdentityProvider, settings) -> IdentityProvider:
    roles.make_roles(apps)
    settings.OIDC_ISSUER, settings.OIDC_NAME = running.issuer, "Keycloak"
    settings.OIDC_CLIENT_ID = settings.OIDC_RP_CLIENT_ID = CLIENT_ID
    settings.OIDC_CLIENT_SECRET = settings.OIDC_RP_CLIENT_SECRET = CLIENT_SECRET
    running.says("u1", preferred_username="maria", email="maria@example.org", groups=["Support", "everybody"])
    return running


def answer_for(client: Client, provider: IdentityProvider, subject: str = "u1", target: str = "") -> str:
    """The address that the provider sends the client's browser to."""
    question = client.get(THERE + (f"?{urlencode({'next': target})}" if target else ""))
    assert question.status_code == 302 and question["Location"].startswith(provider.issuer), said(question)
    location = provider.authorize(question["Location"], subject)
    return location.removeprefix("http://testserver")


def sign_in(provider: IdentityProvider, subject: str = "u1", client: Client | None = None, target: str = ""):
    """The answer to the way back, and the client that went it."""
    client = client or Client()
    return client.get(answer_for(client, provider, subject, target)), client


def said(response) -> str:
    return Page(response.content.decode()).text


def refusal(response, client: Client) -> str:
    assert (response.status_code, response["Location"]) == (302, LOGIN)
    assert client.get("/admin/")["Location"].startswith(LOGIN), "nobody is signed in"
    return said(client.get(LOGIN))


def acts() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("by", "act"))


def test_who_comes_first_is_made_with_the_roles_of_his_groups(provider: IdentityProvider, settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = True  # the provider's business, unless it is said to be ours
    response, client = sign_in(provider, target="/admin/cdr/calldetail/?q=1")
    assert (response.status_code, response["Location"]) == (302, "/admin/cdr/calldetail/?q=1")
    user = User.objects.get()
    assert (user.username, user.email, user.is_staff, user.is_superuser) == ("maria", "maria@example.org", True, False)
    assert [group.name for group in user.groups.all()] == ["Support"] and not user.has_usable_password()
    assert client.get("/admin/cdr/calldetail/").status_code == 200 and client.get("/admin/auth/user/").status_code == 403
    assert client.session.get_expiry_age() <= 12 * 3600
    assert acts() == [("maria", "add"), ("maria", "sign in")]
    assert AuditEntry.objects.latest("pk").details == {"with": "single sign-on"}


def test_roles_are_what_the_groups_say_at_each_sign_in(provider: IdentityProvider) -> None:
    _, first = sign_in(provider)
    user = User.objects.get()
    user.groups.add(*(user.groups.model.objects.filter(name=roles.ADMINISTRATOR)))  # by hand: gone at the next sign-in
    provider.says("u1", preferred_username="root", groups=["Operator"])
    assert sign_in(provider)[0]["Location"] == "/admin/"
    user.refresh_from_db()
    assert ([group.name for group in user.groups.all()], user.username) == (["Operator"], "maria")
    changed = AuditEntry.objects.get(act="change").details
    assert changed == {"groups": ["Administrator, Support", "Operator"], "by": "groups at the identity provider"}
    provider.says("u1", preferred_username="maria", groups=["everybody"])
    assert "None of your groups has a role in this console" in refusal(*sign_in(provider))
    user.refresh_from_db()
    assert (user.is_staff, user.groups.count()) == (False, 0)
    assert first.get("/admin/")["Location"].startswith(LOGIN), "the session from before has lost its roles as well"
    assert acts()[-2:] == [("maria", "change"), ("maria", "fail to sign in")]


def test_nobody_is_a_superuser_by_a_claim_unless_a_group_is_named_for_it(provider: IdentityProvider, settings) -> None:
    provider.says("u1", preferred_username="maria", groups=["Administrator", "desk-root"], is_superuser=True, is_staff=True)
    sign_in(provider)
    assert not User.objects.get().is_superuser
    settings.OIDC_SUPERUSERS = frozenset({"desk-root"})
    sign_in(provider)
    assert User.objects.get().is_superuser
    provider.says("u1", preferred_username="maria", groups=["Support"])
    sign_in(provider)
    assert not User.objects.get().is_superuser


def test_somebody_without_a_role_leaves_no_row(provider: IdentityProvider) -> None:
    provider.says("u2", preferred_username="leo", groups=[])
    assert "None of your groups has a role" in refusal(*sign_in(provider, "u2"))
    assert not User.objects.exists() and acts() == [("(no such user)", "fail to sign in")]


def test_no_name_and_no_address_makes_anybody_somebody_who_is_there(provider: IdentityProvider) -> None:
    """Whoever may choose his name or e-mail address at the provider would be the superuser."""
    admin = User.objects.create_superuser("admin", "admin@example.org", "a-long-password-1")
    provider.says("u3", preferred_username="Admin", email="admin@example.org", email_verified=True, groups=["Support"])
    assert "There is a user Admin here already" in refusal(*sign_in(provider, "u3"))
    assert User.objects.get() == admin and not OutsideIdentity.objects.exists()
    provider.says("u1", preferred_username="maria", groups=["Support"])
    sign_in(provider)
    provider.says("u4", preferred_username="maria", groups=["Administrator"])
    assert "There is a user maria here already" in refusal(*sign_in(provider, "u4"))


def test_who_is_switched_off_here_stays_out(provider: IdentityProvider) -> None:
    sign_in(provider)
    User.objects.update(is_active=False)
    assert "This user has been switched off in the console." in refusal(*sign_in(provider))


def test_an_answer_counts_once_and_in_the_browser_that_asked(provider: IdentityProvider) -> None:
    client, other = Client(), Client()
    answer = answer_for(client, provider)
    assert "begun in another browser" in refusal(other.get(answer), other)  # somebody is to be signed in as somebody else
    other.get(THERE)
    state = parse_qs(urlsplit(other.get(THERE)["Location"]).query)["state"][0]
    stolen = f"{BACK}?{urlencode({'code': parse_qs(urlsplit(answer).query)['code'][0], 'state': state})}"
    assert "Keycloak does not answer as it should" in refusal(other.get(stolen), other)  # the token answers another question
    fresh = answer_for(client, provider)
    assert client.get(fresh)["Location"] == "/admin/"
    assert client.get(fresh)["Location"] == LOGIN, "the question is answered"


@pytest.mark.parametrize("query", ["", "?code=x", "?state=x", "?code=x&state=x", "?error=access_denied&state=x", "?state=&code="])
def test_who_comes_back_without_having_asked_is_nobody(provider: IdentityProvider, query: str) -> None:
    client = Client()
    assert "Begin it again" in refusal(client.get(BACK + query), client)


def test_who_says_no_there_is_told_so(provider: IdentityProvider) -> None:
    client = Client()
    denied = provider.authorize(client.get(THERE)["Location"], "u1", "deny").removeprefix("http://testserver")
    query = urlsplit(denied)
    state = next(iter(client.session["oidc_states"]))
    assert "Keycloak did not sign you in." in refusal(client.get(f"{BACK}?{query.query}&state={state}"), client)


def test_nobody_is_sent_to_another_site(provider: IdentityProvider) -> None:
    assert sign_in(provider, target="https://evil.example/")[0]["Location"] == "/admin/"
    assert sign_in(provider, target="//evil.example/")[0]["Location"] == "/admin/"


def test_our_own_second_factor_can_be_asked_for_as_well(provider: IdentityProvider, settings) -> None:
    settings.OIDC_SECOND_FACTOR = "console"
    sign_in(provider)
    device = second_factor.begin(User.objects.get())
    type(device).objects.filter(pk=device.pk).update(confirmed=True)
    response, client = sign_in(provider, target="/admin/cdr/calldetail/")
    assert response["Location"] == "/admin/login/code/?next=%2Fadmin%2Fcdr%2Fcalldetail%2F"
    assert client.get("/admin/")["Location"].startswith(LOGIN)
    code = second_factor.new_recovery_codes(User.objects.get())[0]
    assert client.post(response["Location"], {"code": code, "next": "/admin/cdr/calldetail/"})["Location"] == "/admin/cdr/calldetail/"
    assert AuditEntry.objects.latest("pk").details == {"with": "single sign-on and code"}
    assert client.session.get_expiry_age() <= 12 * 3600


def test_passwords_are_for_superusers_then_for_when_it_is_away(provider: IdentityProvider, settings) -> None:
    User.objects.create_superuser("admin", password="a-long-password-1")
    User.objects.create_user("leo", password="a-long-password-1", is_staff=True)
    settings.OIDC_ISSUER = "http://127.0.0.1:1"
    client = Client()
    assert "Sign in with Keycloak" in said(client.get(LOGIN))
    assert "Keycloak does not answer as it should" in refusal(client.get(THERE), client)
    refused = client.post(LOGIN, {"username": "leo", "password": "a-long-password-1"})
    assert "Passwords are for superusers, for when it is away." in said(refused)
    settings.OIDC_PASSWORDS = "everybody"
    assert Client().post(LOGIN, {"username": "leo", "password": "a-long-password-1"}).status_code == 302
    assert client.post(LOGIN, {"username": "admin", "password": "a-long-password-1"})["Location"] == "/admin/"


def test_signing_out_says_that_the_other_session_goes_on(provider: IdentityProvider) -> None:
    _, client = sign_in(provider)
    page = Page(client.post("/admin/logout/").content.decode())
    out = next(link for link in page.links if link.startswith(provider.issuer))
    assert "Your session at Keycloak goes on" in page.text
    assert parse_qs(urlsplit(out).query) == {"client_id": [CLIENT_ID], "post_logout_redirect_uri": ["http://testserver/admin/login/"]}
    assert acts()[-1] == ("maria", "sign out") and client.get("/admin/").status_code == 302


def test_where_it_is_off_there_is_nothing_of_it(client: Client) -> None:
    assert client.get(THERE).status_code == client.get(BACK + "?code=x&state=x").status_code == 404
    assert "Sign in with" not in said(client.get(LOGIN))


@pytest.mark.parametrize(("asked_seconds_ago", "confirmed"), [(400, False), (-400, False), (0, True)])
def test_coming_in_confirms_who_it_is_only_where_the_provider_has_just_asked(
    provider: IdentityProvider, asked_seconds_ago, confirmed
) -> None:
    """Whoever sits at an open browser comes in again by the session that the provider still has."""
    provider.says("u1", preferred_username="maria", groups=["Administrator"], auth_time=int(time.time()) - asked_seconds_ago)
    _, client = sign_in(provider)
    assert sessions.is_confirmed(client.session) is confirmed
    answer = client.post("/admin/auth/group/add/", {"name": "new"}, follow=True)
    assert ("which will ask you" in said(answer)) is not confirmed and Group.objects.filter(name="new").exists() is confirmed


def test_a_provider_that_does_not_say_when_it_asked_confirms_nobody() -> None:
    assert not any(asked_just_now({"auth_time": said}) for said in (None, True, "now", 0, -1, 1e400)) and not asked_just_now({})


def test_who_is_to_confirm_is_asked_there_and_comes_back_to_where_he_was(provider: IdentityProvider) -> None:
    provider.says("u1", preferred_username="maria", groups=["Administrator"], auth_time=1)
    _, client = sign_in(provider)
    page = Page(client.post("/admin/auth/group/add/", {"name": "new"}).content.decode())
    again = client.get(next(link for link in page.links if "again=1" in link))["Location"]
    asked = parse_qs(urlsplit(again).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    provider.says("u1", preferred_username="maria", groups=["Administrator"], auth_time=int(time.time()))
    back = client.get(provider.authorize(again, "u1").removeprefix("http://testserver"))
    assert back["Location"] == "/admin/auth/group/add/" and sessions.is_confirmed(client.session)
    assert client.session["_auth_user_id"] == str(User.objects.get().pk)


def test_a_session_is_vouched_for_by_this_provider_and_for_this_user_alone(provider: IdentityProvider, settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    _, client = sign_in(provider)
    user, other = User.objects.get(), User(pk=0)
    assert second_factor.passed(user, client.session) and not second_factor.passed(other, client.session)
    settings.OIDC_ISSUER = "https://elsewhere.example"
    assert not second_factor.passed(user, client.session)
    settings.OIDC_ISSUER = ""
    assert not second_factor.passed(user, client.session)
