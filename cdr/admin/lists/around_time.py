"""What a said time means in columns of calls and streams: what began then, or was going on.

Must not know what else is looked for."""

from django.db.models import Q

from cdr.pure.said_time import SaidTime


def around(said: SaidTime, *, of_streams: bool, by_call: bool = False) -> Q:
    """On streams or calls. `by_call`: of streams the time of their call is meant."""
    began, ended = _times(of_streams, by_call)
    within = Q(**{f"{began}__gte": said.earliest, f"{began}__lt": said.end})
    if said.at is None:
        return within
    going_on = Q(**{f"{began}__lt": said.at}) & (Q(**{f"{ended}__gte": said.at}) | Q(**{ended: None}))
    return within & (Q(**{f"{began}__gte": said.start}) | going_on)


def _times(of_streams: bool, by_call: bool) -> tuple[str, str]:
    """The columns that say from when to when."""
    if not of_streams:
        return "started_at", "ended_at"
    return ("call_started_at", "call__ended_at") if by_call else ("requested_at", "ended_at")
