"""Recordings by API: whose they are, what is told of them, and that a program that listens is written down."""

import asyncio
from typing import Any

import pytest

from cdr.models import AuditEntry
from streams.models import Account, StreamRecording
from tests.cdr.api.customers import Customer
from tests.streams.recordings.kept_files import AUDIO, kept

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("recordings_folder")]


def bytes_of(answer: Any) -> bytes:
    async def parts() -> bytes:
        return b"".join([part async for part in answer.streaming_content])

    return asyncio.run(parts())


@pytest.fixture
def path(acme: Customer, recordings_folder) -> str:
    """To the recording of a stream of Acme's, which may listen."""
    call = acme.ended_call()
    stream = call.streams.get()
    kept(stream, gaps=[[0, 1500]], gaps_ms=1500)
    Account.objects.update(customers_listen=True)
    return f"Call/{call.uuid}/Stream/{stream.uuid}/Recording/"


def test_what_there_is_and_where(acme, path) -> None:
    answer = acme.get(path).json()
    assert (answer["state"], answer["duration_ms"], answer["size"], answer["gaps"]) == ("kept", 60_000, len(AUDIO), [[0, 1500]])
    assert answer["file_uri"] == f"{acme.base}{path}File/"
    whole = acme.get(answer["file_uri"])
    assert (whole.status_code, whole["Content-Type"]) == (200, "audio/flac")
    assert bytes_of(whole) == AUDIO


def test_a_part_of_it(acme, path) -> None:
    answer = acme.get(f"{path}File", HTTP_RANGE="bytes=-5")
    assert (answer.status_code, bytes_of(answer)) == (206, AUDIO[-5:])
    beyond = acme.get(f"{path}File", HTTP_RANGE="bytes=999999999-")
    assert (beyond.status_code, beyond["Content-Range"]) == (416, f"bytes */{len(AUDIO)}")


def test_each_time_is_written_down_and_no_session_begins(acme, path) -> None:
    for _ in range(2):
        answer = acme.get(f"{path}File/")
        assert not answer.cookies
        bytes_of(answer)
    told = AuditEntry.objects.filter(act="download a recording").values_list("by", flat=True)
    assert list(told) == [f"API of {acme.account.auth_id}"] * 2


@pytest.mark.parametrize("word", ["", "File/"])
def test_it_is_there_for_nobody_else(acme, globex, path, word) -> None:
    own = f"{path}{word}"
    assert globex.get(own).status_code == 404
    assert globex.get(f"{acme.base}{own}").status_code == 401
    Account.objects.filter(pk=acme.account.pk).update(customers_listen=False)
    assert acme.get(own).status_code == 404
    assert not AuditEntry.objects.filter(act__contains="recording").exists()


@pytest.mark.parametrize(("state", "problem"), [("not kept", "full: all recordings."), ("removed", ""), ("writing", "")])
def test_what_is_not_kept_says_so_and_has_no_file(acme, path, state, problem) -> None:
    StreamRecording.objects.update(state=state, problem=problem)
    answer = acme.get(path).json()
    assert (answer["state"], answer["size"], answer["file_uri"]) == (state, None, None)
    assert not problem or problem not in str(answer), "how full the operator's disks are is not for his customers"
    assert acme.get(f"{path}File/").status_code == 404


def test_of_a_stream_that_was_not_recorded_there_is_nothing(acme, path) -> None:
    StreamRecording.objects.all().delete()
    assert acme.get(path).status_code == acme.get(f"{path}File/").status_code == 404
