"""The account's own calls and streams by the ids in a path; what belongs to another does not exist.

Owns the look-up, and the merging of streams that have no row yet. Must not know answers."""

from uuid import UUID

from cdr.api.errors import not_found
from streams.control import pending_streams
from streams.models import Account, Call, ControlRequest, Stream
from streams.pure.lifecycle import LIVE_STATES


def uuid_of(text: str) -> UUID:
    """Raises the 404 for what is no uuid as well."""
    try:
        return UUID(text)
    except ValueError:
        raise not_found() from None


def call_of(account: Account, call_uuid: str) -> Call:
    """Raises the 404."""
    call = Call.objects.filter(account=account, uuid=uuid_of(call_uuid)).first()
    if call is None:
        raise not_found()
    call.account = account
    return call


def stream_of(call: Call, stream_id: str) -> Stream | ControlRequest:
    """The stream's row, or the request that asked for it while there is none. Raises the 404."""
    uuid = uuid_of(stream_id)
    # In this order: a row that is written in between is found.
    asked_for = call.control_requests.filter(kind="start", details__stream_id=str(uuid)).select_related("call__account").first()
    related = call.streams.select_related("call", "account", "charge", "conversation", "measure")
    related = related.defer("conversation__course", "measure__latency", "measure__levels")
    stream = related.filter(uuid=uuid).first()
    found = stream or asked_for
    if found is None:
        raise not_found()
    return found


def shown(found: Stream | ControlRequest) -> Stream:
    return pending_streams.stand_in(found) if isinstance(found, ControlRequest) else found


def streams_of(call: Call, limit: int, offset: int) -> tuple[list[Stream], int]:
    """A page of the call's streams and how many there are; those without a row first, then the newest."""
    asked_for = [pending_streams.stand_in(request) for request in reversed(pending_streams.unwritten(call.control_requests.all()))]
    # A row that was written in between is not shown a second time.
    rows = call.streams.select_related("call", "account", "charge").exclude(uuid__in=[stream.uuid for stream in asked_for])
    skip = max(offset - len(asked_for), 0)
    first = asked_for[offset : offset + limit]
    page = first + list(rows[skip : skip + limit - len(first)])
    return page, len(asked_for) + rows.count()


def active_streams(call: Call) -> list[Stream | ControlRequest]:
    """Those without a row are looked up first: a row that is written in between is found, at worst twice."""
    asked_for = pending_streams.unwritten(call.control_requests.all())
    return [*asked_for, *call.streams.filter(state__in=LIVE_STATES).select_related("call")]
