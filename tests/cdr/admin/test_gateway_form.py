"""Setting up a gateway: its password and its signing token can be given, replaced and removed, and are never printed."""

import pytest

from cdr.models import AuditEntry
from streams.models import Account, Application, Gateway
from tests.cdr.admin.reading import read
from tests.cdr.call_script import make_gateway

GATEWAY = "/admin/streams/gateway/"
TOKEN, ANOTHER = "5402c3dd954a53e7005d23e00f29154f", "a91e07c4b3d25f688e14d7ab9c30f652"
STRONG = "quiet-anvil-7-harbour"


@pytest.fixture
def gateway(db) -> Gateway:
    return make_gateway()


@pytest.fixture
def signed(gateway) -> Gateway:
    """Known by its signature alone, as `provision` makes it."""
    made = Gateway(name="tw1", dialect="twilio", account=gateway.account, application=gateway.application, signing_token=TOKEN)
    made.save()
    return made


def form(gateway: Gateway, **changes: object) -> dict[str, object]:
    return {"name": gateway.name, "account": gateway.account_id, "dialect": "asterisk", "application": gateway.application_id, **changes}


def test_a_gateways_password_is_kept_as_a_digest_and_never_shown(administrator, gateway) -> None:
    page = f"{GATEWAY}{gateway.pk}/change/"
    assert administrator.post(page, form(gateway, password="a-new-harbour-anvil-7")).status_code == 302
    gateway.refresh_from_db()
    assert gateway.check_password("a-new-harbour-anvil-7") and not gateway.check_password("correct horse battery")
    html = administrator.get(page).content.decode()
    assert "a-new-harbour-anvil-7" not in html and gateway.password_digest not in html


def test_an_empty_password_leaves_the_present_one(administrator, gateway) -> None:
    assert administrator.post(f"{GATEWAY}{gateway.pk}/change/", form(gateway, password="", name="renamed")).status_code == 302
    gateway.refresh_from_db()
    assert gateway.name == "renamed" and gateway.check_password("correct horse battery")


def test_a_new_gateway_needs_a_long_password(administrator, gateway) -> None:
    for password, problem in (
        ("", "This gateway needs a password."),
        ("short", "The password has 5 characters, and needs at least 16. Have a machine make one"),
        ("pbx-9-pbx-9-pbx-9", "The password is long enough, and can be guessed"),
    ):
        response = administrator.post(f"{GATEWAY}add/", form(gateway, name="pbx-9", password=password))
        assert problem in response.content.decode()
    assert administrator.post(f"{GATEWAY}add/", form(gateway, name="pbx-9", password=STRONG)).status_code == 302
    assert Gateway.objects.get(name="pbx-9").check_password(STRONG)


def test_a_gateway_of_one_account_cannot_use_anothers_application(administrator, gateway) -> None:
    other = Application.objects.create(account=Account.objects.create(name="Other"), name="app", answer_xml="<Response/>")
    response = administrator.post(f"{GATEWAY}{gateway.pk}/change/", form(gateway, application=other.pk))
    assert "The application belongs to another account." in response.content.decode()


def test_support_sees_a_gateway_without_a_password_field(support, gateway) -> None:
    text = read(support, f"{GATEWAY}{gateway.pk}/change/").text
    assert "/gateway/asterisk/pbx-1/" in text and "assword:" not in text


def test_a_signing_token_is_set_and_replaced_and_nobody_reads_it(administrator, gateway) -> None:
    page = f"{GATEWAY}{gateway.pk}/edit/"
    assert "Not set. For the dialect twilio." in read(administrator, page).text
    for token in (TOKEN, ANOTHER):
        assert administrator.post(page, form(gateway, dialect="twilio", new_signing_token=token)).status_code == 302
        gateway.refresh_from_db()
        assert gateway.signing_token == token
        html = administrator.get(page).content.decode()
        assert token not in html and "Set. Twilio" in html
    assert [entry.details.get("new_signing_token") for entry in AuditEntry.objects.all()] == [["", "(hidden)"]] * 2
    assert administrator.post(page, form(gateway, dialect="twilio", name="renamed")).status_code == 302
    gateway.refresh_from_db()
    assert (gateway.name, gateway.signing_token) == ("renamed", ANOTHER)


def test_removing_the_signing_token_takes_a_password(administrator, signed) -> None:
    page, values = f"{GATEWAY}{signed.pk}/change/", form(signed, dialect="twilio", remove_signing_token="on")
    assert "This gateway needs a password or a signing token." in administrator.post(page, values).content.decode()
    assert administrator.post(page, values | {"password": STRONG}).status_code == 302
    signed.refresh_from_db()
    assert signed.signing_token == "" and signed.check_password(STRONG)
    assert AuditEntry.objects.get().details == {"password": ["", "(hidden)"], "remove_signing_token": ["", "(hidden)"]}
    assert "Remove signing token" not in read(administrator, page).text


def test_a_new_gateway_may_have_a_signing_token_alone(administrator, gateway) -> None:
    assert administrator.post(f"{GATEWAY}add/", form(gateway, name="tw2", dialect="twilio", new_signing_token=TOKEN)).status_code == 302
    assert Gateway.objects.get(name="tw2").signing_token == TOKEN


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"new_signing_token": "short"}, "The signing token has 5 characters"),
        ({"new_signing_token": ANOTHER, "remove_signing_token": "on"}, "Either remove the signing token or give a new one."),
        ({"new_signing_token": ANOTHER, "dialect": "asterisk"}, "Only the dialect twilio signs its requests"),
        ({"dialect": "asterisk"}, "Only the dialect twilio signs its requests"),
    ],
)
def test_a_signing_token_that_cannot_be_meant(administrator, signed, values, problem) -> None:
    response = administrator.post(f"{GATEWAY}{signed.pk}/change/", form(signed, dialect="twilio") | values)
    html = response.content.decode()
    assert response.status_code == 200 and problem in html and ANOTHER not in html
    signed.refresh_from_db()
    assert signed.signing_token == TOKEN
