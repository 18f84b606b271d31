"""Recordings go when the days of their account are over, by themselves and with an entry in the audit log."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cdr.models import AuditEntry
from cdr.retention import remove_recordings
from streams.models import StreamRecording
from tests.cdr.factories import good_call
from tests.streams.recordings.kept_files import files, kept
from tests.streams.rows import gateway

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("own", "age_days", "state"), [(None, 6, "kept"), (None, 8, "removed"), (30, 8, "kept"), (1, 2, "removed"), (0, 900, "kept")]
)
def test_each_account_has_its_own_days(recordings_folder, own, age_days, state) -> None:
    pbx = gateway()
    pbx.account.retain_recordings_days = own
    pbx.account.save()
    kept(good_call(pbx).streams.get(), created_at=timezone.now() - timedelta(days=age_days))
    assert remove_recordings() == (state == "removed")
    assert StreamRecording.objects.get().state == state
    assert len(files(recordings_folder / "kept")) == (state == "kept")
    told = AuditEntry.objects.filter(act="remove by retention")
    assert [entry.details for entry in told] == ([{"recordings": "1 recording"}] if state == "removed" else [])
