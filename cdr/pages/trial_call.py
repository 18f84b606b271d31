"""What the console shows of one test call: each step of a call, whether it works, and what to do where it does not.

Owns the steps and their words; they are read from the rows that the call left. Must not know requests or templates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from cdr.models import Charge
from cdr.pages.last_errors import stream_error
from cdr.pages.stream import Fact, utc_fact
from cdr.pure.badges import Badge
from cdr.pure.billing import totals
from cdr.pure.figures import counted, moment, money, spoken_ms
from cdr.pure.refusal_words import advice
from cdr.trial_call_rows import TrialCall
from streams.models import Call, Callback, CallbackState, GatewayRefusal, Stream, StreamEvent
from streams.pure.foreign_text import cleaned
from streams.pure.lifecycle import CallState, EventKind, StreamState

WORKS, WAITS, FAILS = Badge("✓", "works", "good"), Badge("○", "waits", "live"), Badge("✕", "does not work", "bad")
NOT_ASKED, NOT_REACHED = Badge("–", "not asked for", "quiet"), Badge("–", "not reached", "quiet")
FOLLOWED = timedelta(seconds=90)
"""After the call is over its callbacks and its bill are waited for so long."""
UNREACHED = (
    "The workers dial the address that gateways dial. See that PUBLIC_URL is that address, that a web process takes calls behind it, and "
    "that the machine of the workers reaches it too."
)


class TrialStep(NamedTuple):
    """`of`, `key`: what has more to say: a call, a stream, a callback, an application, or a URL test of a stream."""

    title: str
    badge: Badge
    words: str = ""
    advice: str = ""
    of: str = ""
    key: int | UUID | None = None


@dataclass(frozen=True, slots=True)
class TrialCallPage:
    """`numbers`: of the simulated caller: they are nobody's."""

    pk: int
    gateway_key: int | None
    gateway: str
    badge: Badge
    sentence: str
    steps: list[TrialStep]
    facts: tuple[Fact, ...]
    unfinished: bool
    numbers: tuple[str, ...] = ()


class _Seen(NamedTuple):
    """What the call has left so far. `over`: nothing more comes of the call itself."""

    job: TrialCall
    call: Call | None
    streams: Sequence[Stream]
    callbacks: Sequence[Callback]
    over: bool
    waiting: bool


def trial_call_page(job: TrialCall, now: datetime, *, money_seen: bool) -> TrialCallPage:
    """In seven queries at most. `money_seen`: the reader may see what it cost."""
    call = Call.objects.filter(uuid=job.call_uuid, account=job.account_key).select_related("gateway", "application").first()
    streams = list(Stream.objects.filter(call=call).select_related("call").order_by("pk")) if call else []
    callbacks = list(Callback.objects.filter(stream__in=streams).defer("parameters").order_by("pk")) if streams else []
    over = job.finished_at is not None and (call is None or call.state != CallState.LIVE)
    waiting = not over or now - (job.finished_at or now) < FOLLOWED
    seen = _Seen(job, call, streams, callbacks, over, waiting)
    steps = [_connected(seen), _begun(seen), _streamed(seen), _called_back(seen), _billed(seen, money_seen)]
    unfinished = waiting and any(step.badge is WAITS for step in steps)
    return TrialCallPage(
        pk=job.pk,
        gateway_key=job.gateway_id,
        gateway=job.gateway_name,
        badge=_badge(steps, unfinished),
        sentence=_sentence(steps, unfinished),
        steps=steps,
        facts=(
            Fact("Gateway", job.gateway_name, of="gateway", key=job.gateway_id),
            Fact("Dialled", job.address, code=True),
            Fact("Placed by", cleaned(job.by, 60)),
            utc_fact("Placed", job.created_at),
            Fact("Call UUID", str(job.call_uuid), code=True, wide=True),
            *([Fact("The gateway's side", job.report, wide=True)] if job.report else []),
        ),
        unfinished=unfinished,
    )


def _badge(steps: Sequence[TrialStep], unfinished: bool) -> Badge:
    if any(step.badge is FAILS for step in steps):
        return FAILS
    if unfinished:
        return WAITS
    return WORKS if all(step.badge in (WORKS, NOT_ASKED) for step in steps) else NOT_REACHED


def _sentence(steps: Sequence[TrialStep], unfinished: bool) -> str:
    if failed := next((step for step in steps if step.badge is FAILS), None):
        return f"{failed.title}: this does not work. What to do stands beside it."
    if unfinished:
        return "The call is on its way. This page asks again every two seconds."
    return "All of it works." if all(step.badge in (WORKS, NOT_ASKED) for step in steps) else "Not all of it was seen to work."


def _open(seen: _Seen) -> Badge:
    return WAITS if seen.waiting else NOT_REACHED


def _connected(seen: _Seen) -> TrialStep:
    title = "The gateway is connected"
    if seen.call:
        return TrialStep(title, WORKS, f"Its call was taken at {moment(seen.call.started_at)} UTC.", of="call", key=seen.call.uuid)
    job = seen.job
    if job.finished_at is None:
        return TrialStep(
            title,
            WAITS,
            "A worker places the call." if job.claimed_by else "The call waits for a worker, and until every process knows the gateway.",
        )
    refusal = (
        GatewayRefusal.objects.filter(gateway=job.gateway_id, gateway__isnull=False, last_at__gte=job.created_at)
        .order_by("-last_at")
        .first()
    )
    if refusal:
        return TrialStep(title, FAILS, cleaned(refusal.words), advice(refusal.reason))
    if job.problem:
        return TrialStep(title, FAILS, job.problem, UNREACHED)
    return TrialStep(title, _open(seen), "The call was taken, and is not written yet.")


def _begun(seen: _Seen) -> TrialStep:
    title = "The call begins"
    if not seen.call:
        return TrialStep(title, NOT_REACHED if seen.job.finished_at else WAITS)
    kinds = (EventKind.CALL_ANSWERED, EventKind.CALL_ANSWER_FAILED)
    event = StreamEvent.objects.filter(call=seen.call, kind__in=kinds).order_by("-at").first()
    if event and event.kind == EventKind.CALL_ANSWER_FAILED:
        problem = cleaned(str(event.details.get("problem", "")) if isinstance(event.details, dict) else "", 300)
        fix = "Correct the answer of its application, or the URL that it is asked for at."
        return TrialStep(title, FAILS, problem, fix, of="application", key=seen.call.application_id)
    if event or seen.streams:
        return TrialStep(title, WORKS, "Its application has answered.", of="application", key=seen.call.application_id)
    if seen.over:
        words = f"It was hung up: {seen.call.hangup_cause_name or 'nobody says why'}."
        return TrialStep(title, FAILS, words, "The page of the call says what came before.", of="call", key=seen.call.uuid)
    return TrialStep(title, WAITS, "Its application is asked what to do.")


def _streamed(seen: _Seen) -> TrialStep:
    title = "The stream reaches the customer's service"
    if not seen.streams:
        if seen.call and seen.over:
            return TrialStep(title, FAILS, "The answer asked for no stream.", "Give the application's XML a Stream element.")
        return TrialStep(title, NOT_REACHED if seen.job.finished_at and not seen.call else _open(seen))
    if failed := next((stream for stream in seen.streams if stream.hangup_reason == "Connection error"), None):
        fix = "Test its service URL: the test says what the service does. Correct it there, or in the application."
        return TrialStep(title, FAILS, str(stream_error(failed).words), fix, of="test", key=failed.uuid)
    reached = [stream for stream in seen.streams if stream.started_at or stream.state in (StreamState.CONNECTED, StreamState.STREAMING)]
    if len(reached) == len(seen.streams):
        took = f", in {spoken_ms(reached[0].connect_ms)}" if reached[0].connect_ms is not None else ""
        return TrialStep(title, WORKS, f"Connected{took}.", of="stream", key=reached[0].uuid)
    if seen.over:
        return TrialStep(
            title, FAILS, "It ended before audio was sent.", "Its debug log says what happened.", of="stream", key=seen.streams[0].uuid
        )
    return TrialStep(title, WAITS, "Its service is dialled.", of="stream", key=seen.streams[0].uuid)


def _called_back(seen: _Seen) -> TrialStep:
    title = "Status callbacks are delivered"
    if not any(stream.status_callback_url for stream in seen.streams):
        return TrialStep(title, NOT_ASKED if seen.streams else NOT_REACHED if seen.over else _open(seen))
    if failed := next((one for one in seen.callbacks if one.state != CallbackState.DELIVERED and one.tries), None):
        last = failed.attempts.order_by("-number").first()
        words = cleaned(last.error if last else "A try failed.", 300)
        return TrialStep(title, FAILS, words, "It is tried again by itself; see what its receiver answered.", of="callback", key=failed.pk)
    delivered = sum(one.state == CallbackState.DELIVERED for one in seen.callbacks)
    if seen.over and seen.callbacks and delivered == len(seen.callbacks):
        return TrialStep(title, WORKS, f"{counted(delivered, 'callback')} delivered.", of="callback", key=seen.callbacks[0].pk)
    return TrialStep(title, _open(seen), f"{delivered} of {len(seen.callbacks)} delivered so far." if seen.callbacks else "")


def _billed(seen: _Seen, money_seen: bool) -> TrialStep:
    title = "The call is billed"
    charges = list(Charge.objects.filter(stream__in=seen.streams)) if seen.streams else []
    if charges and len(charges) == len(seen.streams):
        sums = totals((charge.amount, charge.currency) for charge in charges)
        cost = ", ".join(money(amount, currency) for currency, amount in sums.items())
        return TrialStep(title, WORKS, f"{cost}, as any call of this account." if money_seen else "As any call of this account.")
    if not seen.streams or (seen.over and any(stream.hangup_reason == "Connection error" for stream in seen.streams)):
        return TrialStep(title, NOT_REACHED if seen.over else _open(seen))
    return TrialStep(title, _open(seen), "When its streams have ended.")
