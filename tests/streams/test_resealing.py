"""A new key: everything sealed is sealed anew, found as before, and the old key is needed no more."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from cdr.models import AuthenticatorApp
from streams import resealing, tokens
from streams.models import Application, AuthToken, Gateway, SecretsKey
from streams.resealing import reseal_all, sealed_columns
from streams.sealed import SealedTextField, WrongKey, require_known_keys, seal
from tests.streams.rows import gateway, main_token

pytestmark = pytest.mark.django_db
NEW = "n" * 40


@pytest.fixture
def old(settings: Any) -> str:
    """Some of everything that is sealed, with the key that is returned; then a new one is set in front of it."""
    row = gateway()
    row.signing_token = "t" * 32
    row.save()
    main_token(row.account)
    for number in range(4):
        tokens.make(row.account, f"script {number}", "anna", timezone.now())
    AuthenticatorApp.objects.create(user=User.objects.create_user("maria"))
    old: str = settings.SECRETS_KEYS[0]
    settings.SECRETS_KEYS = (NEW, old)
    return old


def read() -> list[object]:
    return [list(model._default_manager.order_by("pk").values_list(name, flat=True)) for model, name in sealed_columns()]


def test_every_sealed_column_there_is_is_gone_through() -> None:
    everywhere = {(model, field.name) for model in apps.get_models() for field in model._meta.fields if isinstance(field, SealedTextField)}
    found = set(sealed_columns())
    assert {name for _, name in found} == {"secret", "signing_token", "answer_xml", "extra_headers", "sealed_key", "url", "file_key"}
    assert {(model, name) for model, name in everywhere if not model._meta.proxy} == found


def test_all_is_read_with_the_new_key_alone_and_tokens_are_found(old: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resealing, "ROWS_AT_ONCE", 2)
    before, token = read(), AuthToken.objects.select_related("account").get(name="main")
    assert tokens.find_token(token.account.auth_id, token.secret, timezone.now()) == token
    assert sum(reseal_all().values()) == 8
    settings.SECRETS_KEYS = (NEW,)
    require_known_keys(connection)
    assert read() == before and list(SecretsKey.objects.values_list("fingerprint", flat=True)) == list(seal().fingerprints)
    assert tokens.find_token(token.account.auth_id, token.secret, timezone.now()) == token
    settings.SECRETS_KEYS = (old,)
    with pytest.raises(WrongKey):
        require_known_keys(connection)


def test_the_command_says_how_many_and_which_key(old: str, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("reseal_secrets")
    out = capsys.readouterr().out
    assert "5 auth token: secret" in out and f"sealed with the key {seal().fingerprints[0]}" in out


def test_when_a_key_is_lost_what_was_sealed_with_it_is_taken_out_and_the_rest_goes_on(old: str, settings: Any, capsys: Any) -> None:
    Gateway.objects.update(signing_token="sealed with both set")  # with the new one
    SecretsKey.objects.create(fingerprint=seal().fingerprints[1])
    settings.SECRETS_KEYS = (NEW,)
    with pytest.raises(CommandError, match="older keys are still needed"):
        call_command("reseal_secrets")
    call_command("reseal_secrets", "--lose-unreadable")
    require_known_keys(connection)
    assert "5 lost, auth token: secret" in capsys.readouterr().out
    assert not AuthToken.objects.exists() and not TOTPDevice.objects.exists()
    assert Gateway.objects.get().signing_token == "sealed with both set" and Application.objects.get().answer_xml == ""


def test_what_cannot_be_read_stops_it_and_no_key_is_forgotten(old: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE streams_gateway SET signing_token = 'changed'")
    SecretsKey.objects.create(fingerprint=seal().fingerprints[1])
    with pytest.raises(CommandError, match="Stopped; the older keys are still needed"):
        call_command("reseal_secrets")
    assert SecretsKey.objects.filter(fingerprint=seal().fingerprints[1]).exists()
