"""What an operator can do to a live call, a live stream, a callback and an auth token: each done and
written into the audit log in one transaction.

Owns that pair. How a call is reached is streams.control's, how a callback is sent streams.delivery's."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import transaction

from cdr import audit
from cdr.audit import Actor
from cdr.pure.acts import HIDDEN, Act
from cdr.pure.figures import moment
from streams import control, delivery, host_blocks, tokens
from streams.database_clock import database_now
from streams.host_blocks import HostOf
from streams.models import Account, AuthToken, Call, Callback, HostBlock, Stream
from streams.pure.audio.dtmf_digits import digits_in

Subject = TypeVar("Subject")


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


def send_digits(call: Call, digits: str, actor: Actor) -> None:
    """Raises control.NotLive when the call has ended. The audit log gets no digit: they may be somebody's PIN."""
    with transaction.atomic():
        control.request_dtmf(call, digits, by=actor.name)
        audit.write(actor, Act.SEND_DIGITS, call, digits=HIDDEN, how_many=digits_in(digits))


def resend(callback: Callback, actor: Actor) -> None:
    """Due at once, with the same message id; the sweep takes it up within a second. Raises delivery.NotWhole."""
    with transaction.atomic():
        delivery.resend(callback)
        audit.write(actor, Act.RESEND_CALLBACK, callback, stream=str(callback.stream.uuid), state_before=callback.get_state_display())


def block_host(what: HostOf, why: str, actor: Actor) -> None:
    """Raises host_blocks.AlreadyBlocked."""
    with transaction.atomic():
        made = host_blocks.block(what, why, actor.name)
        audit.write(actor, Act.BLOCK_HOST, made, why=why)


def unblock_host(there: HostBlock, actor: Actor) -> int:
    """Returns how many callbacks go on."""
    with transaction.atomic():
        going_on = host_blocks.unblock(there)
        audit.write(actor, Act.UNBLOCK_HOST, there, callbacks_going_on=going_on)
    return going_on


def stop_streams_to_host(account: Account, host: str, streams: Sequence[Stream], actor: Actor) -> int:
    """Returns how many were asked to stop; the log of each says by whom."""
    with transaction.atomic():
        asked = control.request_stops(streams, by=actor.name)
        audit.write(actor, Act.STOP_HOST_STREAMS, account, host=host, streams=asked)
    return asked


def make_token(account: Account, name: str, actor: Actor) -> AuthToken:
    """With its secret, which is shown now or never. Raises tokens.NotMade."""
    with transaction.atomic():
        token = tokens.make(account, name, actor.name, database_now())
        audit.write(actor, Act.MAKE_TOKEN, account, name=name)
    return token


def revoke_token(token: AuthToken, after: timedelta, actor: Actor) -> datetime:
    """When it ends. Raises tokens.Overtaken when it has ended already."""
    with transaction.atomic():
        ends_at = tokens.revoke(token, after, database_now())
        audit.write(actor, Act.REVOKE_TOKEN, token.account, name=token.name, ends=f"{moment(ends_at)} UTC" if after else "at once")
    return ends_at


def to_each(act: Callable[[Subject, Actor], None], rows: Iterable[Subject], actor: Actor) -> tuple[int, int]:
    """Does it to each; returns how many it was done to, and for how many it was too late."""
    done = ended = 0
    for row in rows:
        try:
            act(row, actor)
            done += 1
        except (control.NotLive, delivery.NotWhole):
            ended += 1
    return done, ended
