"""The audit log: entries are added, and stay as they are."""

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from cdr import audit
from cdr.audit import Actor
from cdr.models import AuditEntry, Unchangeable
from cdr.pure.acts import Act
from streams.models import Account

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
