"""What an operator can do to a live call, a live stream and a callback: each done and written into the audit log in one transaction.

Owns that pair. How a call is reached is streams.control's, how a callback is sent streams.delivery's."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction

from cdr import audit
from cdr.audit import Actor
from cdr.pure.acts import Act
from streams import control, delivery
from streams.models import Call, Callback, Stream


def stop(stream: Stream, actor: Actor) -> None:
    """Raises control.NotLive when the stream, or its call, has ended."""
    with transaction.atomic():
        control.request_stop(stream, by=actor.name)
        audit.write(actor, Act.STOP_STREAM, stream)


def hang_up(call: Call, actor: Actor) -> None:
    """Raises control.NotLive when the call has ended."""
    with transaction.atomic():
        control.request_hangup(call, by=actor.name)
        audit.write(actor, Act.HANG_UP, call)


def resend(callback: Callback, actor: Actor) -> None:
    """Due at once, with the same message id; the sweep takes it up within a second."""
    with transaction.atomic():
        delivery.resend(callback)
        audit.write(actor, Act.RESEND_CALLBACK, callback, stream=str(callback.stream.uuid), state_before=callback.get_state_display())


def to_each(act: Callable[[Any, Actor], None], rows: Iterable[Any], actor: Actor) -> tuple[int, int]:
    """Does it to each; returns how many it was done to, and how many had ended already."""
    done = ended = 0
    for row in rows:
        try:
            act(row, actor)
            done += 1
        except control.NotLive:
            ended += 1
    return done, ended
