"""A sealed column in a real database: unreadable there, plain here, found by nothing; no other key writes anything."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.db import connection, transaction
from django.db.models import F

from streams import sealed
from streams.models import Account, Application, SecretsKey
from streams.sealed import WrongKey, forget_looked_at, require_known_keys, seal

pytestmark = pytest.mark.django_db
SECRET = '<Response><Stream extraHeaders="token=s3cret">wss://bot.example/</Stream></Response>'
NEW, FOREIGN = "n" * 40, "f" * 40


@pytest.fixture
def application() -> Application:
    return Application.objects.create(account=Account.objects.create(name="Acme"), name="bot", answer_xml=SECRET)


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As outside of tests, where each process looks before it writes."""
    monkeypatch.setattr(sealed, "register_key", sealed.register_key_really)  # type: ignore[attr-defined] # tests/conftest.py
    forget_looked_at()
    yield
    forget_looked_at()


def kept() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT answer_xml FROM streams_application ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def test_it_is_sealed_however_it_was_written(application: Application) -> None:
    Application.objects.update(answer_xml=SECRET)
    Application.objects.bulk_create([Application(account=application.account, name="other", answer_xml=SECRET)])
    Application.objects.bulk_update([application], ["answer_xml"])
    assert all("s3cret" not in text and seal().open(text) == SECRET for text in kept()) and len(kept()) == 2
    assert set(Application.objects.values_list("answer_xml", flat=True)) == {SECRET}
    assert Application.objects.only("name").get(pk=application.pk).answer_xml == SECRET


def test_nothing_is_kept_as_nothing_and_only_that_can_be_asked_for(application: Application) -> None:
    Application.objects.create(account=application.account, name="empty", answer_url="https://a.example", answer_xml="")
    assert kept()[1] == ""
    assert [row.name for row in Application.objects.exclude(answer_xml="")] == ["bot"]
    for lookup in ({"answer_xml": SECRET}, {"answer_xml__exact": "x"}):
        with pytest.raises(TypeError, match="rows are not found by it"):
            Application.objects.filter(**lookup).exists()
    for look in ("startswith", "contains", "regex", "gt", "in", "iexact"):
        with pytest.raises(FieldError):
            Application.objects.filter(**{f"answer_xml__{look}": "x"}).exists()


def test_another_column_cannot_be_copied_into_it_unsealed(application: Application) -> None:
    Application.objects.update(answer_xml=F("name"))
    with pytest.raises(WrongKey):
        application.refresh_from_db()


def test_with_another_key_nothing_is_read_and_a_sentence_says_so(application: Application, settings: Any) -> None:
    settings.SECRETS_KEYS = (FOREIGN,)
    with pytest.raises(WrongKey, match="cannot be read with SECRETS_KEY"):
        Application.objects.get()


@pytest.mark.usefixtures("looked_up")
class TestWhoWrites:
    def test_with_another_key_nothing_is_written(self, application: Application, settings: Any) -> None:
        before = kept()
        settings.SECRETS_KEYS = (FOREIGN,)
        with pytest.raises(WrongKey, match="it needs the one with the fingerprint"), transaction.atomic():
            Application.objects.filter(pk=application.pk).update(answer_xml="<Response/>")
        assert kept() == before and SecretsKey.objects.count() == 1

    def test_a_new_key_in_front_is_noted_and_then_both_are_needed(self, application: Application, settings: Any) -> None:
        old = settings.SECRETS_KEYS[0]
        settings.SECRETS_KEYS = (NEW, old)
        Application.objects.filter(pk=application.pk).update(answer_xml=SECRET)
        assert set(SecretsKey.objects.values_list("fingerprint", flat=True)) == set(seal().fingerprints)
        for keys in ((old,), (NEW,)):
            settings.SECRETS_KEYS = keys
            with pytest.raises(WrongKey):
                require_known_keys(connection)

    def test_it_is_looked_up_once_a_process_and_not_remembered_of_what_was_rolled_back(
        self, application: Application, settings: Any, django_capture_on_commit_callbacks: Any
    ) -> None:
        settings.SECRETS_KEYS = (NEW, settings.SECRETS_KEYS[0])
        Application.objects.update(answer_xml=SECRET)
        SecretsKey.objects.filter(fingerprint=seal().fingerprints[0]).delete()  # as a rollback would
        with django_capture_on_commit_callbacks(execute=True):
            Application.objects.update(answer_xml=SECRET)
        assert SecretsKey.objects.filter(fingerprint=seal().fingerprints[0]).exists()
        with transaction.atomic(), connection.execute_wrapper(refuse_selects):
            Application.objects.update(answer_xml=SECRET)


def refuse_selects(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    assert not sql.startswith("SELECT"), sql
    return execute(sql, params, many, context)
