"""A debug log at the desk: found in a scope, and read as a customer may read it. For its page, its file and its open socket alike.

Must not know requests."""

from cdr.desk_scope import DeskScope, one_named
from cdr.pages.log.subject import DebugLog, for_outside, log_of_call, log_of_stream
from streams.models import Call, Stream


def call_log_at_desk(scope: DeskScope, key: str) -> DebugLog | None:
    """None for another account's call as for one that is not there, and for a uuid of several."""
    call = one_named(scope.rows(Call).select_related("account").order_by(), key)
    return for_outside(log_of_call(call, key)) if call else None


def stream_log_at_desk(scope: DeskScope, key: str) -> DebugLog | None:
    stream = one_named(scope.rows(Stream).select_related("call", "account", "charge").order_by(), key)
    return for_outside(log_of_stream(stream)) if stream else None
