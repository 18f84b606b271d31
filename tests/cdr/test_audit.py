"""The audit log: entries are added, and stay as they are."""

import importlib

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from cdr import audit
from cdr.audit import Actor
from cdr.models import AuditEntry, Unchangeable
from cdr.pure.acts import Act
from streams.models import Account
from tests.on_postgresql import only_on_postgresql

pytestmark = pytest.mark.django_db
MARIA = Actor("maria", "2001:db8::7")


def test_an_entry_says_who_did_what_to_what_and_from_where() -> None:
    account = Account.objects.create(name="Acme")
    entry = AuditEntry.objects.get(pk=audit.write(MARIA, Act.CHANGE, account, rate=["1", "2"]).pk)
    assert (entry.by, entry.address, entry.act, entry.kind, entry.subject) == ("maria", "2001:db8::7", "change", "account", "Acme")
    assert entry.details == {"rate": ["1", "2"]} and entry.at


def test_an_entry_outlives_its_subject() -> None:
    user = User.objects.create_user("leaver")
    audit.write(Actor("leaver", None), Act.CHANGE, user)
    user.delete()
    assert AuditEntry.objects.get().by == "leaver"


@pytest.mark.parametrize(
    "tamper",
    [
        lambda entry: entry.save(),
        lambda entry: entry.delete(),
        lambda entry: AuditEntry.objects.update(by="nobody"),
        lambda entry: AuditEntry.objects.filter(pk=entry.pk).delete(),
        lambda entry: AuditEntry.objects.bulk_update([entry], ["by"]),
    ],
)
def test_nothing_in_the_program_changes_or_removes_an_entry(tamper) -> None:
    entry = audit.write(MARIA, Act.DELETE, Account(name="Acme"))
    with pytest.raises(Unchangeable, match="only added to"), transaction.atomic():
        tamper(entry)
    assert AuditEntry.objects.get().by == "maria"


TAMPERING = ["UPDATE cdr_auditentry SET \"by\" = 'nobody'", "DELETE FROM cdr_auditentry", "DELETE FROM cdr_auditentry WHERE id > 0"]


@pytest.mark.parametrize("statement", TAMPERING)
def test_the_database_itself_refuses_to_change_or_remove_an_entry(statement) -> None:
    audit.write(MARIA, Act.DELETE, Account(name="Acme"))
    with pytest.raises(IntegrityError, match="only added to"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.objects.get().by == "maria"


@only_on_postgresql("has no TRUNCATE")
def test_postgresql_refuses_to_truncate_the_log() -> None:
    with pytest.raises(IntegrityError, match="only added to"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE cdr_auditentry")


def test_the_protection_can_be_taken_back_with_its_migration() -> None:
    entry = audit.write(MARIA, Act.DELETE, Account(name="Acme"))
    triggers = importlib.import_module("cdr.migrations.0005_append_only_audit_log")
    with connection.cursor() as cursor:
        for statement in triggers.UNPROTECT[connection.vendor]:
            cursor.execute(statement)
        cursor.execute("DELETE FROM cdr_auditentry WHERE id = %s", [entry.pk])
    assert not AuditEntry.objects.exists()
