"""A debug log that grows while somebody looks at it: a WebSocket that brings what the page does not have yet, narrowed as the page is.

Owns that conversation, with who is signed in (at the console, or at the customers' desk) and with who came by a link (cdr.log_links). It
asks once a second, on threads of its own, whether anything changed, and reads the lines only then: no call waits for it, and it needs no
Redis. Whether the reader may still look is asked again every 3 s."""

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qs

from channels.consumer import AsyncConsumer
from django.db import Error as DatabaseError
from django.template.loader import render_to_string
from django.urls import re_path

from cdr.addresses import counted_address_of_socket
from cdr.desk_logs import call_log_at_desk, stream_log_at_desk
from cdr.desk_scope import scope_of
from cdr.log_links import SharedLog
from cdr.pages.log.page import DebugLogPage, log_page
from cdr.pages.log.subject import DebugLog, call_log, stream_log
from cdr.pure.log.filter import LONGEST_ANCHOR, LogFilter, asked_by
from cdr.pure.log.lines import Line
from cdr.sign_in import second_factor
from cdr.sign_in.sessions import SessionStore, user_of
from streams.database_threads import DatabaseThreads
from streams.gateways.socket_loop import Receive, Send
from streams.shares import Places, Shares

log = logging.getLogger(__name__)

T = TypeVar("T")

BEAT_SECONDS = 1.0
BEATS_AFTER_THE_END, BEATS_WHEN_FORGOTTEN = 5, 30
"""A call that has ended is looked at so many times less often: only its callbacks still change. And when nothing has come for
FORGOTTEN_BEATS, more seldom still: somebody went home."""
FORGOTTEN_BEATS = 600
RECHECK_BEATS, REREAD_BEATS = 3, 30
"""Whether the reader may still look is asked so often; what the last look may not have seen is looked for more seldom."""
REST = 10
"""A reading of the lines is followed by a rest of so many times what it took: a very long log takes a tenth of a thread at most."""
HELLO_SECONDS = 10
MOST_ANCHORS = 10_000
MOST_OPEN = 12
"""Open logs of one person in this process."""
CLOSE_REFUSED, CLOSE_NO_LONGER, CLOSE_TOO_MANY, CLOSE_LINK_OVER = 4403, 4401, 4429, 4410

DESK_LOGS = {"call": call_log_at_desk, "stream": stream_log_at_desk}
LOGS = {"call": (call_log, "cdr.view_calldetail"), "stream": (stream_log, "cdr.view_streamdetail")}

_threads = DatabaseThreads(2, "live-log")
_places = Places(Shares("looks at open logs", places=2, each=1))
"""Of the persons who look, and of links."""
SHARED, DESK = "shared", "desk"

_open: Counter[Hashable] = Counter()


class LogReader(NamedTuple):
    """Who looks (a user, or all who have one link), and whether numbers are whole for them."""

    user: Hashable
    whole_numbers: bool


@dataclass(slots=True)
class OpenLog:
    """One open page: which log, whose session, what is asked for, and what the page has (anchor -> words of a line that may change,
    "" for a line it shows). `at_desk`: of the customers' desk, by what is in the reader's scope there. Of a link `key` is the link, and
    `session_key` the address it is asked from. `log` and `pulse` are those of the last look."""

    kind: str
    key: str
    session_key: str
    asked: LogFilter
    reader: LogReader | None = None
    known: dict[str, str] = field(default_factory=dict)
    log: DebugLog | None = None
    pulse: tuple[Any, ...] = ()
    at_desk: bool = False


class LiveLogConsumer(AsyncConsumer):
    """Attached to no channel layer: it outlives Redis."""

    channel_layer_alias = "none"

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        reading = reading_of(scope)
        reading.reader = reader = await _look(may_read, reading)
        if reader is None:
            await _refuse(reading, send)
            return
        await send({"type": "websocket.accept"})
        if _open[reader.user] >= MOST_OPEN:
            await send({"type": "websocket.close", "code": CLOSE_TOO_MANY})
            return
        _open[reader.user] += 1
        try:
            await _serve(reading, receive, send)
        finally:
            _open[reader.user] -= 1


async def _refuse(reading: OpenLog, send: Send) -> None:
    """By a link accepted first: a browser is told the code of no socket that was never open, and would ask again and again."""
    if reading.kind == SHARED:
        await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": CLOSE_LINK_OVER if reading.kind == SHARED else CLOSE_REFUSED})


async def _look(function: Callable[[OpenLog], T], reading: OpenLog) -> T:
    """Asks the database, in a thread."""
    whose = reading.reader.user if reading.reader else reading.session_key
    return await _threads.run_for(whose, _places, function, reading)


async def _serve(reading: OpenLog, receive: Receive, send: Send) -> None:
    seen = await _hello(receive)
    if seen is not None:
        reading.known = dict.fromkeys(seen, "")
        await _until_left(receive, _push(reading, send))


def reading_of(scope: dict[str, Any]) -> OpenLog:
    words = scope["url_route"]["kwargs"]
    parameters = parse_qs(scope.get("query_string", b"").decode("utf-8", "replace"))
    if words["kind"] == SHARED:
        address = counted_address_of_socket(scope) or "unknown"
        return OpenLog(SHARED, words["key"], address, asked_by(parameters))
    session_key = scope["session"].session_key or ""
    return OpenLog(words["kind"], words["key"], session_key, asked_by(parameters), at_desk=words.get("site") == DESK)


def may_read(reading: OpenLog) -> LogReader | None:
    """Who would read now, when the session still belongs to somebody who may see this log, and has passed the second factor; else None."""
    if reading.kind == SHARED:
        return _reader_by_link(reading)
    session = SessionStore(reading.session_key)
    user = user_of(session)  # Channels' AuthMiddleware asks but once, and in the one thread that views share
    if reading.at_desk:
        return _reader_at_desk(reading, user, session)
    allowed = user.is_active and user.is_staff and user.has_perm(LOGS[reading.kind][1])
    allowed = allowed and second_factor.passed(user, session)
    return LogReader(user.pk, user.has_perm("cdr.see_numbers")) if allowed else None


def _reader_at_desk(reading: OpenLog, user: Any, session: SessionStore) -> LogReader | None:
    """Who still belongs to the account whose log it is."""
    scope = scope_of(user)
    if scope is None or not second_factor.passed(user, session) or DESK_LOGS[reading.kind](scope, reading.key) is None:
        return None
    return LogReader(user.pk, whole_numbers=True)


def _reader_by_link(reading: OpenLog) -> LogReader | None:
    shared = _shared(reading)
    return LogReader((SHARED, shared.link.pk), shared.whole_numbers) if shared else None


def _shared(reading: OpenLog) -> SharedLog | None:
    from cdr import link_limits  # noqa: PLC0415 - with the pages: a process without them imports this module as well, and counts nothing

    try:
        return link_limits.read_link(reading.key, reading.session_key)
    except link_limits.TooOften:
        return None


def _found(reading: OpenLog) -> DebugLog | None:
    if reading.at_desk:
        scope = scope_of(user_of(SessionStore(reading.session_key)))
        return DESK_LOGS[reading.kind](scope, reading.key) if scope else None
    if reading.kind != SHARED:
        return LOGS[reading.kind][0](reading.key)
    shared = _shared(reading)
    return shared.find() if shared else None


def news(reading: OpenLog) -> dict[str, Any]:
    """What the page does not have, or has otherwise: lines, each with the anchor it stands before, and the counts above them."""
    if reading.log is not None and reading.log.rows.pulse() == reading.pulse:
        return {"lines": [], "live": reading.log.live}
    reading.log = _found(reading)
    if reading.log is None or reading.reader is None:
        return {"lines": [], "live": False}
    reading.pulse = reading.log.rows.pulse()  # before the lines: what comes in between is read again
    page = log_page(reading.log, reading.asked, whole_numbers=reading.reader.whole_numbers)
    return {
        "lines": list(_new_lines(page, reading.known)),
        "live": page.live,
        "count": page.count_words,
        "groups": {group.name: group.lines for group in page.groups},
        "problems": page.problem_count,
        "full": bool(page.newer),
    }


def _new_lines(page: DebugLogPage, known: dict[str, str]) -> list[dict[str, str]]:
    found = []
    for line, following in zip_longest(page.lines, page.lines[1:]):
        words = line.words if _changes(line) else ""
        if known.get(line.anchor) != words:
            known[line.anchor] = words
            before = following.anchor if following else ""
            found.append({"anchor": line.anchor, "before": before, "day": line.new_day, "html": _html(line)})
    # Backwards, so that the line which one stands before is on the page when it comes.
    return found[::-1]


def _html(line: Line) -> str:
    return render_to_string("admin/cdr/_line_of_day.html", {"line": line})


def _changes(line: Line) -> bool:
    """A callback's line says when the next try is; every other line is written once."""
    return line.kind == "callback"


async def _push(reading: OpenLog, send: Send) -> None:
    """Every second what is new, or that there is nothing: a page that hears neither says that it is stale."""
    said: dict[str, Any] = {"lines": [], "live": True}
    beat, quiet_beats, rested_at = 0, 0, 0.0
    while True:
        heard = {"lines": [], "live": said["live"]}
        try:
            if beat % RECHECK_BEATS == RECHECK_BEATS - 1 and await _look(may_read, reading) != reading.reader:
                await send({"type": "websocket.close", "code": CLOSE_LINK_OVER if reading.kind == SHARED else CLOSE_NO_LONGER})
                return
            if beat % REREAD_BEATS == REREAD_BEATS - 1:
                reading.log = None  # found anew: what the last look did not see, the next one does
            began = time.monotonic()
            if beat % _beats(said["live"], quiet_beats) == 0 and began >= rested_at:
                said = heard = await _look(news, reading)
                rested_at = began + REST * (time.monotonic() - began)
            await send({"type": "websocket.send", "text": json.dumps(heard)})
        except DatabaseError as error:
            log.warning("A live log could not be read (%s); the page says that it is stale until it can.", error)
        quiet_beats = 0 if heard["lines"] else quiet_beats + 1
        beat += 1
        await asyncio.sleep(BEAT_SECONDS)


def _beats(live: bool, quiet_beats: int) -> int:
    """How many beats there are from look to look."""
    if live:
        return 1
    return BEATS_WHEN_FORGOTTEN if quiet_beats > FORGOTTEN_BEATS else BEATS_AFTER_THE_END


async def _until_left(receive: Receive, pushing: Any) -> None:
    """Pushes until the browser has gone; what else it says is passed over."""
    push = asyncio.ensure_future(pushing)
    leave = asyncio.ensure_future(_left(receive))
    try:
        done, _ = await asyncio.wait({push, leave}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # a fault of ours closes the socket, and is logged by the server
    finally:
        for task in (push, leave):
            task.cancel()
        await asyncio.gather(push, leave, return_exceptions=True)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def _hello(receive: Receive) -> list[str] | None:
    """The anchors that the page shows: its first message. None when it said something else, or left."""
    try:
        async with asyncio.timeout(HELLO_SECONDS):
            message = await receive()
        said = json.loads(message.get("text") or "null")
    except (TimeoutError, ValueError):
        return None
    seen = said.get("seen") if isinstance(said, dict) else None
    return [str(anchor)[:LONGEST_ANCHOR] for anchor in seen[:MOST_ANCHORS]] if isinstance(seen, list) else None


live_urlpatterns = [
    re_path(r"^(?P<site>admin|desk)/live/(?P<kind>call|stream)/(?P<key>[-\w]+)/$", LiveLogConsumer.as_asgi()),
    re_path(rf"^admin/live/(?P<kind>{SHARED})/(?P<key>[\s\S]+)/$", LiveLogConsumer.as_asgi()),
]
