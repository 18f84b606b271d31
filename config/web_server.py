"""The web server of this process, made of what the settings say.

Owns which application, limits and ways of stopping the server is given. Must not know options of a command line."""

import gc
import sys
from collections.abc import Callable
from functools import partial

from django.conf import settings

from config import page_connections
from config.asgi import served_as
from config.serving_role import ANSWERED_FIRST, CONSOLE
from streams.calls import switchboard
from streams.descriptors import raise_limit
from streams.serving.doors import Entrances
from streams.serving.limits import ConnectionLimits
from streams.serving.listening import PortOfSeveral
from streams.serving.server import Server

Say = Callable[[str], None]
YOUNG, OLDER, WHOLE = 700, 10, 50
"""When the garbage collector looks: at new objects, after so many looks at those that have stayed, and after so many of these at all.

Python's own 10 has it look at all when about a hundred calls have begun, and every call stands still meanwhile: 19 ms with a hundred live
ones, 28 to 74 with 250 (measured). Now it is after five hundred; each that has gone leaves 50 kB until then."""
NOWHERE = 0
"""No port: of several processes behind one, another would answer each time, and figures would go back and forth."""


def serve(role: str, host: str, port: int, shared: PortOfSeveral | None, own_port: int | None, *, say: Say) -> str:
    """Until it is told to stop. Returns '' or the sentence that says why it could not listen. `own_port` is one on which this
    process alone is asked."""
    raise_limit()
    page_connections.close_after_each_request()
    server = Server(
        served_as(role, None if shared is None else own_port or NOWHERE),
        host,
        port,
        announce=switchboard.announce_stop,
        notice_seconds=settings.DRAIN_NOTICE_SECONDS,
        drain=switchboard.drain,
        drain_seconds=settings.DRAIN_SECONDS,
        entrances=Entrances(probes=ANSWERED_FIRST, proxies=settings.TRUSTED_PROXIES),
        limits=ConnectionLimits(body_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE),
        ready=partial(listening, role, say if shared is None else None),
        shared=shared,
        own_port=own_port,
    )
    favour_the_event_loop()
    server.run()
    return server.failure


def listening(role: str, say: Say | None, host: str, port: int) -> None:
    if role != CONSOLE:
        switchboard.current()  # before the first gateway comes: what a killed process has left is written at once
    if say is not None:
        say(f"Listening on http://{f'[{host}]' if ':' in host else host}:{port}")


def favour_the_event_loop() -> None:
    """Audio shares this process with threads that write rows. Python hands its lock over each 5 ms, which a frame should not wait
    for; and its garbage collector walks all that was ever imported, unless it is told that this stays, and all calls more often than
    there is need."""
    sys.setswitchinterval(0.0005)
    gc.set_threshold(YOUNG, OLDER, WHOLE)
    gc.collect()
    gc.freeze()
