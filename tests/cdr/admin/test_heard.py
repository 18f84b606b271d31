"""Recordings in the console and at the desk: who may listen, in which parts, and that it is written down."""

import asyncio
import io
import re
from typing import Any

import numpy as np
import pytest
import soundfile
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdr.member_rows import Role
from cdr.models import AuditEntry
from cdr.roles import ADMINISTRATOR, BILLING, OPERATOR, SUPPORT
from streams.models import Account, Stream, StreamRecording
from streams.pure.sealed_chunks import CannotRead
from streams.recordings import store
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.call_script import make_gateway
from tests.cdr.desk.two_accounts import at_desk
from tests.cdr.factories import good_call
from tests.chromium import CHROMIUM
from tests.streams.recordings.kept_files import AUDIO, kept

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("recordings_folder")]
SIZE = len(AUDIO)


@pytest.fixture
def stream(recordings_folder) -> Stream:
    found: Stream = good_call(make_gateway()).streams.get()
    kept(found, gaps=[[0, 1500]], gaps_ms=1500)
    return found


@pytest.fixture
def hearer(db) -> Client:
    return signed_in(User.objects.create_superuser("admin"))


def of(stream: Stream, word: str = "") -> str:
    return f"/admin/cdr/streamdetail/{stream.uuid}/recording/{word}"


def bytes_of(answer: Any) -> bytes:
    async def parts() -> bytes:
        return b"".join([part async for part in answer.streaming_content])

    return asyncio.run(parts()) if answer.streaming else answer.content


def told() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.filter(act__contains="recording").order_by("pk").values_list("by", "act"))


# Who ---------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("role", "hears"), [(SUPPORT, False), (OPERATOR, False), (BILLING, False), (ADMINISTRATOR, True)])
def test_only_who_has_the_permission_gets_a_byte_or_learns_how_long_it_is(stream, role, hears) -> None:
    client = signed_in(person("somebody", role))
    for word in ("", "flac/"):
        for answer in (client.head(of(stream, word)), client.get(of(stream, word), headers={"Range": "bytes=0-0"})):
            assert answer.status_code in ((200, 206) if hears else (403,))
            assert (str(SIZE) in str(answer.headers)) == hears
    assert not hears or bytes_of(answer) == AUDIO[:1]
    page = client.get(f"/admin/cdr/streamdetail/{stream.uuid}/change/").content.decode()
    assert ("<audio" in page and "60.0 s" in page) == hears
    log = bytes_of(client.get(f"/admin/cdr/streamdetail/{stream.uuid}/debug-log/txt/")).decode()
    assert "60.0" not in log and str(SIZE) not in log
    assert bool(told()) == hears


def test_without_a_session_there_is_nothing(stream) -> None:
    assert Client().get(of(stream)).status_code == 302


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MANAGER])
@pytest.mark.parametrize("allowed", [True, False])
def test_the_desk_hears_where_the_account_allows_it(stream, role, allowed) -> None:
    Account.objects.update(customers_listen=allowed)
    client = at_desk(role=role)
    path = f"/desk/streams/{stream.uuid}/"
    answer = client.get(f"{path}recording/")
    assert answer.status_code == (200 if allowed else 404)
    assert (bytes_of(answer) == AUDIO) == allowed
    page = client.get(path).content.decode()
    assert (f'src="{path}recording/"' in page) == allowed
    assert ("60.0 s" in page) == allowed
    assert len(told()) == allowed


def test_why_it_is_not_kept_is_for_the_operator(stream, hearer) -> None:
    """It names his disks, and how full they are of others' recordings."""
    StreamRecording.objects.update(state="not kept", problem="full: all recordings may have 10 MB.")
    Account.objects.update(customers_listen=True)
    asked = ((hearer, f"/admin/cdr/streamdetail/{stream.uuid}/change/"), (at_desk(), f"/desk/streams/{stream.uuid}/"))
    pages = [each.get(path).content.decode() for each, path in asked]
    assert ["all recordings may have" in page for page in pages] == [True, False]
    assert "The recording is not kept." in pages[1]


def test_the_desk_of_another_account_hears_nothing(stream) -> None:
    Account.objects.update(customers_listen=True)
    other = good_call(make_gateway("other-pbx", "Other account")).streams.get()
    kept(other)
    Account.objects.update(customers_listen=True)
    client = at_desk()
    own = client.get(f"/desk/streams/{stream.uuid}/recording/")
    assert own.status_code == 200 and bytes_of(own) == AUDIO
    assert client.get(f"/desk/streams/{other.uuid}/recording/").status_code == 404


# In which parts --------------------------------------------------------------------------------------------------------
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(first=st.integers(0, SIZE + 10), last=st.integers(0, SIZE + 10), form=st.sampled_from(["{0}-{1}", "{0}-", "-{1}"]))
def test_any_part_is_the_part_that_was_asked_for(stream, hearer, first, last, form) -> None:
    answer = hearer.get(of(stream), headers={"Range": f"bytes={form.format(first, last)}"})
    part = {"{0}-{1}": slice(first, last + 1), "{0}-": slice(first, None), "-{1}": slice(max(SIZE - last, 0), None)}[form]
    if form == "{0}-{1}" and last < first:
        assert (answer.status_code, bytes_of(answer)) == (200, AUDIO)
    elif wanted := AUDIO[part]:
        assert (answer.status_code, answer["Content-Length"]) == (206, str(len(wanted)))
        assert answer["Content-Range"] == f"bytes {part.start}-{part.start + len(wanted) - 1}/{SIZE}"
        assert bytes_of(answer) == wanted
    else:
        assert (answer.status_code, answer["Content-Range"], answer.content) == (416, f"bytes */{SIZE}", b"")


def test_the_whole_has_its_length_and_is_kept_by_no_proxy(stream, hearer) -> None:
    answer = hearer.get(of(stream))
    assert (answer.status_code, answer["Content-Length"], answer["Content-Type"]) == (200, str(SIZE), "audio/flac")
    assert answer["Accept-Ranges"] == "bytes"
    assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))
    assert "Content-Disposition" not in answer
    assert bytes_of(answer) == AUDIO


def test_a_download_has_a_name(stream, hearer) -> None:
    answer = hearer.get(of(stream, "flac/"))
    assert answer["Content-Disposition"] == f'attachment; filename="recording-{stream.uuid}.flac"'
    assert bytes_of(answer) == AUDIO
    assert told() == [("admin", "download a recording")]


def test_a_part_of_what_was_another_is_the_whole(stream, hearer) -> None:
    same = hearer.get(of(stream))["ETag"]
    for tag, status in ((same, 206), ('"x"', 200)):
        answer = hearer.get(of(stream), headers={"Range": "bytes=1-2", "If-Range": tag})
        assert answer.status_code == status
        bytes_of(answer)


# Written down --------------------------------------------------------------------------------------------------------------
def test_a_visit_is_written_down_once_however_many_parts_it_takes(stream, hearer) -> None:
    """Also by who begins in the middle."""
    for header in ("bytes=100-", "bytes=0-", "bytes=-5"):
        bytes_of(hearer.get(of(stream), headers={"Range": header}))
    assert told() == [("admin", "hear a recording")]
    bytes_of(signed_in(User.objects.get(username="admin")).get(of(stream)))
    assert len(told()) == 2


def test_who_asks_for_the_head_alone_has_not_listened(stream, hearer) -> None:
    answer = hearer.head(of(stream))
    assert (answer.status_code, answer["Content-Length"]) == (200, str(SIZE))
    assert told() == []


# What is not there ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("state", ["writing", "not kept", "removed"])
def test_what_is_not_kept_is_not_there(stream, hearer, state) -> None:
    StreamRecording.objects.update(state=state, problem="full.", removed_at=stream.requested_at)
    assert hearer.get(of(stream)).status_code == 404
    page = hearer.get(f"/admin/cdr/streamdetail/{stream.uuid}/change/").content.decode()
    assert "<audio" not in page and "player.js" not in page
    assert {"writing": "being stored", "not kept": "not kept: full.", "removed": "was removed on"}[state] in page


def test_a_file_that_is_gone_is_in_the_log_and_is_nobodys_listening(stream, hearer, caplog) -> None:
    store.recordings_storage().delete(StreamRecording.objects.get().name)
    assert hearer.get(of(stream)).status_code == 404
    assert f"The recording of stream {stream.uuid} cannot be read" in caplog.text
    assert told() == []
    assert "It could not be read on" in page_of(hearer, stream)


def test_one_that_was_changed_breaks_off_and_the_page_says_why(stream, hearer, recordings_folder) -> None:
    """Who is none of the operator's people learns that, and nothing of files."""
    Account.objects.update(customers_listen=True)
    path = recordings_folder / "kept" / StreamRecording.objects.get().name
    sealed = bytearray(path.read_bytes())
    sealed[100_000] ^= 1
    path.write_bytes(sealed)
    assert len(bytes_of(hearer.get(of(stream), headers={"Range": "bytes=0-9"}))) == 10
    assert "could not be read" not in page_of(hearer, stream)
    with pytest.raises(CannotRead):
        bytes_of(hearer.get(of(stream)))
    assert "UTC: Chunk 1 cannot be read: it was changed or cut off, or the key is another." in page_of(hearer, stream)
    desk = at_desk().get(f"/desk/streams/{stream.uuid}/").content.decode()
    assert "could not be read to its end" in desk and "Chunk" not in desk and "<audio" in desk


def page_of(client: Client, stream: Stream) -> str:
    return client.get(f"/admin/cdr/streamdetail/{stream.uuid}/change/").content.decode()


def test_a_stream_that_was_never_recorded_has_no_word_of_it(hearer) -> None:
    stream = good_call(make_gateway()).streams.get()
    assert hearer.get(of(stream)).status_code == 404
    assert "Recording" not in hearer.get(f"/admin/cdr/streamdetail/{stream.uuid}/change/").content.decode()


def test_the_page_says_until_when_it_is_kept_and_what_is_missing(stream, hearer) -> None:
    page = re.sub(r"\s+", " ", hearer.get(f"/admin/cdr/streamdetail/{stream.uuid}/change/").content.decode())
    assert "1.5 s did not reach the service" in page and "Kept until" in page
    Account.objects.update(retain_recordings_days=0)
    assert "Kept for ever" in hearer.get(f"/admin/cdr/streamdetail/{stream.uuid}/change/").content.decode()


# In a browser ----------------------------------------------------------------------------------------------------------------
@pytest.mark.browser
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")  # the server of the tests is a WSGI one
@pytest.mark.skipif(CHROMIUM is None, reason="recordings in a browser: there is no Chromium on this machine")
def test_a_click_on_a_turn_or_a_line_plays_from_there(live_server, browser, recordings_folder) -> None:
    """And a page that is only looked at has not been listened to."""
    playwright = pytest.importorskip("playwright.sync_api", reason="recordings in a browser: the playwright package is not installed")
    found = good_call(make_gateway()).streams.get()
    kept(found, flac_of(60))
    admin = User.objects.create_superuser("admin")
    cookie = {"name": "sessionid", "value": signed_in(admin).cookies["sessionid"].value, "url": live_server.url}
    address = f"{live_server.url}/admin/cdr/streamdetail/{found.uuid}/change/"

    def look(chromium: Any) -> tuple[list[float], list[str]]:
        context = chromium.new_context()
        context.add_cookies([cookie])
        page = context.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
        page.goto(address)
        audio = page.locator("#recording audio")
        playwright.expect(audio).to_be_visible()
        playwright.expect(page.locator("#seek-words")).to_be_visible()
        places = []
        for link in (page.locator(".turns a").nth(0), page.locator(".timeline > .line > a.anchor").last):
            link.click()
            for name, value in (("paused", False), ("seeking", False), ("readyState", 4)):
                playwright.expect(audio).to_have_js_property(name, value)
            places.append(audio.evaluate("each => each.currentTime"))
            audio.evaluate("each => each.pause()")
        return places, refused

    (turn, line), refused = browser.do(look)
    slowest = found.conversation.course
    began = min(turn[slowest["columns"].index("caller_began_ms")] or 0 for turn in slowest["turns"])
    assert refused == []
    assert 0 < turn < 60 and turn * 1000 >= began
    assert line > turn
    assert told() == [("admin", "hear a recording")]


def flac_of(seconds: int) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.zeros((8000 * seconds, 2), np.int16), 8000, format="FLAC", subtype="PCM_16")
    return file.getvalue()
