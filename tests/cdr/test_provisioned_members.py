"""Members of an account's desk in a provisioning file: taken in by name or by address, told, audited, and again as if nothing were."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from cdr.member_rows import Membership
from cdr.models import AuditEntry
from streams.models import Account
from streams.provision import InvalidFile, provision
from streams.rate_plans import Change

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def people() -> None:
    User.objects.create_user("carla", email="Carla@example.org")
    User.objects.create_user("dora", email="both@example.org")
    User.objects.create_user("eva", email="both@example.org")


def file(*members: Any, **account: Any) -> bytes:
    return json.dumps({"accounts": [{"name": "Acme", **account, "members": list(members)}]}).encode()


def apply(*members: Any) -> list[Change]:
    return [change for change in provision(file(*members)).changes if change.what.startswith("member")]


def problems(*members: Any) -> dict[str, str]:
    with pytest.raises(InvalidFile) as error:
        apply(*members)
    assert not Membership.objects.exists() and not Account.objects.exists() and not AuditEntry.objects.exists()
    return {problem.place: problem.words for problem in error.value.problems}


def places() -> dict[str, str]:
    return {one.user.username: one.role for one in Membership.objects.select_related("user")}


def test_they_are_taken_in_with_an_account_that_is_new_and_told_and_audited() -> None:
    changes = apply({"email": "carla@EXAMPLE.org", "role": "manager"}, {"username": "dora", "role": "viewer"})
    assert changes == [Change("created", "member Acme: carla"), Change("created", "member Acme: dora")]
    assert places() == {"carla": "manager", "dora": "viewer"}
    told = [(entry.by, entry.subject, entry.details) for entry in AuditEntry.objects.filter(act="add a member").order_by("pk")]
    assert told == [
        ("provisioning file", "Acme", {"member": "carla", "role": "manager"}),
        ("provisioning file", "Acme", {"member": "dora", "role": "viewer"}),
    ]
    assert set(Membership.objects.values_list("created_by", flat=True)) == {"provisioning file"}


def test_the_same_file_again_changes_nothing_and_a_role_that_differs_is_changed() -> None:
    apply({"username": "carla", "role": "manager"}, {"username": "dora", "role": "viewer"})
    entries = AuditEntry.objects.count()
    assert {change.action for change in apply({"email": "carla@example.org", "role": "manager"})} == {"left"}
    assert AuditEntry.objects.count() == entries and places() == {"carla": "manager", "dora": "viewer"}, "who is not named stays"
    assert apply({"username": "carla", "role": "viewer"}) == [Change("changed", "member Acme: carla", ("role",))]
    assert AuditEntry.objects.latest("pk").details == {"member": "carla", "role": ["manager", "viewer"]}
    provision(file())
    assert places() == {"carla": "viewer", "dora": "viewer"}


@pytest.mark.parametrize(
    ("members", "place", "words"),
    [
        ([{"username": "nobody", "role": "viewer"}], "[0].username", "'nobody' is no user's. Add the user first, or invite them by mail"),
        ([{"email": "x@example.org", "role": "viewer"}], "[0].email", "is no user's"),
        ([{"email": "both@example.org", "role": "viewer"}], "[0].email", "is that of several users. Write the username"),
        ([{"username": "carla", "role": "owner"}], "[0].role", "is 'owner'; it has to be viewer or manager."),
        ([{"username": "carla"}], "[0].role", "is missing."),
        ([{"role": "viewer"}], "[0]", "has to name a user, by username or by email"),
        ([{"username": "carla", "email": "carla@example.org", "role": "viewer"}], "[0]", "by one of them."),
        ([{"username": "", "role": "viewer"}], "[0]", "has to name a user"),
        ([{"username": "carla", "role": "viewer"}, {"email": "carla@example.org", "role": "manager"}], "[1]", "is the user carla again"),
        ([{"username": 7, "role": "viewer"}], "[0].username", "has to be text"),
        ([{"user": "carla", "role": "viewer"}], "[0].user", "Did you mean username?"),
        (["carla"], "[0]", "has to be an object with username, email, role"),
    ],
)
def test_each_mistake_is_said_at_its_place_and_nothing_is_saved(members, place, words) -> None:
    assert words in problems(*members)[f"accounts[0].members{place}"]


def test_the_command_prints_them(tmp_path: Path) -> None:
    path, out = tmp_path / "accounts.json", StringIO()
    path.write_bytes(file({"username": "carla", "role": "viewer"}))
    call_command("provision", str(path), stdout=out, stderr=StringIO(), skip_checks=True)
    assert "created  member Acme: carla\n2 created, 0 changed, 0 left as they were.\n" in out.getvalue()
