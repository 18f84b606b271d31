"""The ledger hears of a stream's end, once, and what fails beside it undoes both."""

import json

import pytest

from cdr import receivers
from cdr.models import AuditEntry, Charge
from streams.models import Stream
from streams.provision import InvalidFile, provision
from streams.signals import stream_ended
from tests.cdr.call_script import CallScript, make_gateway
from tests.cdr.factories import good_call

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def each_call_is_written_by_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.cdr.call_again.write", lambda facts, notes, lease_seconds, by_the_journal: by_the_journal())


def test_connecting_again_does_not_charge_twice() -> None:
    receivers.connect()
    good_call(make_gateway())
    assert Charge.objects.count() == 1
    assert [key[0] for key, *_ in stream_ended.receivers] == ["charge_ended_streams"]


def test_what_a_provisioning_file_makes_and_changes_is_in_the_audit_log_without_its_secrets() -> None:
    def applied(**account: object) -> None:
        file = {"name": "Acme", "auth_token": "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5", "applications": [], "gateways": [], **account}
        provision(json.dumps({"accounts": [file]}).encode())

    applied()
    applied(rate="0.0040")
    applied(rate="0.0040")
    made, changed = AuditEntry.objects.order_by("pk")
    assert (made.by, made.act, made.kind, made.subject) == ("provisioning file", "add", "account", "Acme")
    assert (changed.act, changed.subject, [*changed.details]) == ("change", "Acme", ["rate"])
    assert "Zm9vYmFyYmF6cXV4" not in str([made.details, changed.details])


def test_a_file_with_a_problem_leaves_no_entry() -> None:
    with pytest.raises(InvalidFile):
        provision(json.dumps({"accounts": [{"name": "Acme"}, {"name": "Bad", "auth_token": "short"}]}).encode())
    assert not AuditEntry.objects.exists()


def test_an_end_that_a_receiver_refuses_leaves_neither_end_nor_charge() -> None:
    def refuse(**kwargs: object) -> None:
        raise RuntimeError("not now")

    script = CallScript(make_gateway()).answered()
    script.stream_ended(script.streaming(), 5, "call_ended", "The gateway hung up.")
    stream_ended.connect(refuse)
    try:
        with pytest.raises(RuntimeError, match="not now"):
            script.save()
    finally:
        stream_ended.disconnect(refuse)
    assert not Charge.objects.exists() and not Stream.objects.filter(state="ended").exists()
    script.save()
    assert Charge.objects.count() == 1
