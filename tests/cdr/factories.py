"""Calls as they happen, written by the real journal: a good one, and each way in which one goes wrong.

For the tests of `cdr`; `fill` also makes a database to look at."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from cdr.models import Charge
from streams import journal
from streams.gateways import refusals
from streams.models import Call, Callback, CallbackAttempt, CallbackState, CallbackTrouble, Gateway, GatewayRefusal, Stream
from streams.pure.call.measure import Measured
from streams.pure.call.notes import CallKey
from streams.pure.gateway.refusal import Attempts, Reason, Refusal
from streams.pure.lifecycle import ANSWER_INVALID, Level
from streams.pure.lifecycle import EventKind as K
from streams.pure.messages import StreamRequest
from tests.cdr.call_script import OWNER, REQUEST, STARTED, CallScript, make_gateway
from tests.cdr.call_timing import CAPACITY_MS, conversed, healthy, steady, stuck
from tests.rows_again import made_once


# The calls -----------------------------------------------------------------------------------------------------------
def good_call(gateway: Gateway, started: datetime = STARTED, seconds: float = 41.4, **numbers: str) -> Call:
    """Everything went well, and the caller pressed a digit."""
    script = CallScript(gateway, started, **numbers).answered()
    stream = script.streaming()
    script.add(K.CALL_DTMF, 12.5, digit="5")
    script.add(K.DTMF_FORWARDED, 12.5, stream, digit="5")
    script.stream_ended(stream, seconds, "call_ended", "The gateway hung up.", Level.INFO)
    script.measured({**healthy(seconds), "conversation": conversed(seconds)})
    script.call_ended(seconds)
    script.add(K.SOCKET_CLOSED, seconds + 0.05, stream, Level.DEBUG, close_code=1000, close_reason="", seconds=0.048)
    call = script.save()
    deliver_all(call)
    return call


def closed_call(gateway: Gateway, started: datetime = STARTED, **numbers: str) -> Call:
    """The customer's service closed the socket after 25 s; its callback endpoint answered only at the second try."""
    script = CallScript(gateway, started, **numbers).answered()
    stream = script.streaming()
    words = "The customer's service closed the connection: 1011 (internal error), “worker crashed”."
    script.stream_ended(stream, 25.34, "customer_closed", words, close_code=1011, close_reason="worker crashed")
    script.call_ended(58.9)
    call = script.save()
    first, second = Callback.objects.filter(stream__call=call)
    tried(first, 0.02, 38)
    problem = "The endpoint answered 503 Service Unavailable; it should answer 2xx."
    tried(second, 0.02, 12, status=503, error=problem, answer="<h1>503</h1>\nupstream down")
    tried(second, 5.4, 31)
    return call


def refused_call(gateway: Gateway, started: datetime = STARTED, **numbers: str) -> Call:
    """The customer's service refused three times: the stream never started. Its callback was given up."""
    script = CallScript(gateway, started, **numbers).answered()
    stream = script.requested()
    problem = "The service answered 502 Bad Gateway instead of switching to WebSocket."
    for attempt, after, retry in ((1, 0.25, 1.0), (2, 1.4, 3.0), (3, 4.5, None)):
        if attempt > 1:
            script.add(K.CONNECT_STARTED, after - 0.09, stream, attempt=attempt, of=3, url=REQUEST.service_url)
        script.connect_failed(stream, after, attempt=attempt, retry=retry, problem=problem, status=502)
    script.stream_ended(stream, 4.5, "connect_failed", problem, http_status=502, sent_frames=0, sent_ms=0, discarded_ms=4340)
    script.call_ended(19.0)
    call = script.save()
    callback = Callback.objects.get(stream__call=call)
    for number in range(8):
        after = (0.02, 5, 36, 330, 2130, 9300, 27400, 63500)[number]
        tried(callback, after, 2, status=None, error="The connection to 198.51.100.4:443 was refused.", answer="")
    finished_at = callback.created_at + timedelta(seconds=63500)
    Callback.objects.filter(pk=callback.pk).update(state=CallbackState.GIVEN_UP, due_at=None, finished_at=finished_at)
    Stream.objects.filter(call=call).update(callback_trouble=CallbackTrouble.GIVEN_UP)
    return call


def slow_call(gateway: Gateway, started: datetime = STARTED, **numbers: str) -> Call:
    """The customer's service stopped reading: 30, 60 and 90 % were passed, then the stream was dropped."""
    script = CallScript(gateway, started, **numbers).answered()
    stream = script.streaming()
    for percent, after in ((30, 32.1), (60, 44.1), (90, 56.1)):
        details = {"percent": percent, "buffered_ms": percent * 400, "capacity_ms": 40_000}
        script.add(K.BUFFER_DEGRADED, after, stream, Level.WARNING, **details)
    words = "The customer's service did not take the audio fast enough: 40.0 s were waiting, the buffer holds 40 s."
    script.stream_ended(stream, 60.1, "slow_connection", words, peak_buffered_ms=40_000, discarded_ms=38_200, buffered_ms=40_000)
    script.measured(stuck(20, 60.1))
    script.call_ended(190.0)
    call = script.save()
    deliver_all(call)
    return call


def stopped_call(gateway: Gateway, started: datetime = STARTED, cause: str = "stopped_by_api", **numbers: str) -> Call:
    script = CallScript(gateway, started, **numbers).answered()
    stream = script.streaming()
    by = "API" if cause == "stopped_by_api" else "maria"
    script.add(K.CALL_CONTROL_REQUESTED, 121.0, kind="stop", by=by)
    script.add(K.STOP_REQUESTED, 121.0, stream, by=by, how=cause)
    script.stream_ended(stream, 121.0, cause, f"Stopped at the request of {by}.", Level.INFO)
    script.call_ended(140.0)
    call = script.save()
    deliver_all(call)
    return call


def timed_out_call(gateway: Gateway, started: datetime = STARTED, **numbers: str) -> Call:
    script = CallScript(gateway, started, **numbers).answered()
    stream = script.streaming()
    script.stream_ended(stream, 600.34, "timed_out", "The stream reached its streamTimeout of 600 s.", Level.INFO)
    script.call_ended(911.0)
    call = script.save()
    deliver_all(call)
    return call


def noisy_call(gateway: Gateway, started: datetime = STARTED, problem: str = "", **numbers: str) -> Call:
    """Its stream asked for noise cancellation, and had it, or not by reason of a problem."""
    script = CallScript(gateway, started, **numbers).answered()
    stream = script.streaming(request=replace(REQUEST, noise_cancellation=True, noise_cancellation_level=90))
    how = {"library": "webrtc-noise-gain", "strength": "very high"}
    if problem:
        script.add(K.NOISE_CANCELLATION_FAILED, 0.16, stream, Level.WARNING, problem=problem)
    else:
        script.add(K.NOISE_CANCELLATION_STARTED, 0.16, stream, noise_level=90, **how)
    kept = {**how, "level": 90, "audio_ms": 0 if problem else 30_000, "cpu_ms_a_minute": None if problem else 81.4, "problem": problem}
    script.stream_ended(stream, 30, "call_ended", "The gateway hung up.", Level.INFO, **({} if problem else {"noise_cpu_ms": 81.4}))
    script.measured({**healthy(30), "noise": kept})
    script.call_ended(30)
    return script.save()


def live_call(gateway: Gateway, started: datetime = STARTED, **numbers: str) -> Call:
    """Two streams: one that streams, one that is not connected yet."""
    script = CallScript(gateway, started, **numbers).answered(streams=2)
    script.streaming()
    script.requested(0.2, StreamRequest("wss://recorder.example.com:8443/in", audio_track="inbound"))
    call = script.save()
    first = call.streams.order_by("pk")[0]
    timing = Measured(steady(30), {first.uuid: healthy(30)})
    journal.keep_measures(OWNER, started.timestamp() + 30, {CallKey(call.account_id, call.uuid): timing})
    deliver_all(call)
    return call


def many_streams_call(gateway: Gateway, started: datetime = STARTED, **numbers: str) -> Call:
    """Five streams, each with an end of its own."""
    script = CallScript(gateway, started, **numbers).answered(streams=5)
    hosts = ("bot", "recorder", "captions", "fraud", "analytics")
    bot, recorder, captions, fraud, analytics = (
        script.streaming(0.16 + number / 100, StreamRequest(f"wss://{host}.example.com/in")) for number, host in enumerate(hosts)
    )
    closed = "The customer's service closed the connection: 1011 (internal error), “worker crashed”."
    script.stream_ended(fraud, 18.2, "customer_closed", closed, close_code=1011, close_reason="worker crashed")
    slow = "The customer's service did not take the audio fast enough: 40.0 s were waiting, the buffer holds 40 s."
    script.add(K.BUFFER_DEGRADED, 42.1, captions, Level.WARNING, percent=30, buffered_ms=12_000, capacity_ms=CAPACITY_MS)
    script.stream_ended(captions, 70.4, "slow_connection", slow, peak_buffered_ms=40_000)
    script.measured(stuck(30, 70.4))
    script.stream_ended(recorder, 81.0, "stopped_by_api", "Stopped at the request of API.", Level.INFO)
    for stream in (bot, analytics):
        script.stream_ended(stream, 95.4, "call_ended", "The gateway hung up.", Level.INFO)
    script.call_ended(95.4)
    return script.save()


def bad_answer_call(gateway: Gateway, started: datetime = STARTED, **numbers: str) -> Call:
    """The answer URL returned HTML: no stream was made."""
    script = CallScript(gateway, started, **numbers)
    script.add(K.CALL_STARTED, 0, gateway=gateway.name, dialect="asterisk", address="10.20.0.7")
    problem = "The document is HTML, not XML: the answer URL should return <Response> with <Stream> elements."
    script.add(K.CALL_ANSWER_FAILED, 0.2, level=Level.ERROR, problem=problem, place="line 1, column 0", code=8011)
    script.add(K.CALL_HANGUP_SENT, 0.2)
    script.call_ended(0.2, ANSWER_INVALID, problem)
    return script.save()


def reaped_call(gateway: Gateway, started: datetime = STARTED, **numbers: str) -> Call:
    """The process that held the call died 30 s into it."""
    script = CallScript(gateway, started, **numbers).answered()
    script.streaming()
    call = script.save()
    Call.objects.filter(pk=call.pk).update(renewed_at=started + timedelta(seconds=30), lease_until=started + timedelta(seconds=50))
    journal.reap(call.pk)
    Charge.objects.filter(stream__call=call).update(created_at=started + timedelta(seconds=62))
    call.refresh_from_db()
    return call


KINDS = (good_call, closed_call, refused_call, slow_call, stopped_call, timed_out_call, live_call, bad_answer_call, reaped_call)

LONG_SECONDS = {slow_call: 190, stopped_call: 140, timed_out_call: 911}


@made_once
def one_of_each_kind() -> None:
    """On the gateway pbx-1, a minute apart, from 14:01:37 on."""
    gateway = make_gateway()
    for index, kind in enumerate(KINDS):
        kind(gateway, STARTED + timedelta(minutes=index))


# Their callbacks -----------------------------------------------------------------------------------------------------
def tried(
    callback: Callback, after: float, duration_ms: int, *, status: int | None = 200, error: str = "", answer: str = "OK"
) -> CallbackAttempt:
    """One try, `after` seconds after the callback was owed; the callback's row follows."""
    callback.tries += 1
    at = callback.created_at + timedelta(seconds=after)
    callback.state = CallbackState.PENDING if error else CallbackState.DELIVERED
    callback.due_at = at + timedelta(seconds=5) if error else None
    callback.finished_at = None if error else at
    callback.save()
    if error:
        Stream.objects.filter(pk=callback.stream_id).update(callback_trouble=CallbackTrouble.TRY_FAILED)
    row = {
        "started_at": at,
        "duration_ms": duration_ms,
        "address": "198.51.100.4:443",
        "status": status,
        "error": error,
        "response_head": answer,
    }
    return CallbackAttempt.objects.create(callback=callback, number=callback.tries, **row)


def deliver_all(call: Call) -> None:
    for callback in Callback.objects.filter(stream__call=call):
        tried(callback, 0.02, 38)


# Gateways that were refused -------------------------------------------------------------------------------------------
def refused(name: str, reason: Reason = Reason.WRONG_PASSWORD, at: datetime = STARTED, count: int = 1, **changes: Any) -> GatewayRefusal:
    """Attempts under that name, whether there is such a gateway or not, written by the real writer."""
    given = {"words": "Wrong user name or password.", "dialect": "asterisk", "address": "10.20.0.7", "known": True}
    refusals.write([Attempts(Refusal(reason, name=name, **{**given, **changes}), count, at.timestamp(), at.timestamp())])
    return GatewayRefusal.objects.get(name=name, reason=reason, last_at=at)


def fill(now: datetime, count: int) -> None:
    """`count` calls of all kinds and two accounts, the newest a minute ago; those that would not be over yet are good ones instead."""
    gateways = [make_gateway("pbx-1"), make_gateway("pbx-2", "Globex Telephony", rate=Decimal("0.00400"), currency="EUR")]
    kinds = (good_call, good_call, *KINDS, good_call)
    for index in range(count):
        started = now - timedelta(seconds=60 + index * 47, milliseconds=index * 7)
        numbers = {"caller": f"+1415555{index:04}", "called": ("+18005550100", "+442079460000", "sip:desk@pbx.example.com")[index % 3]}
        kind = kinds[index % len(kinds)]
        over = started + timedelta(seconds=LONG_SECONDS.get(kind, 60)) <= now
        (kind if over else good_call)(gateways[index % 4 == 3], started, **numbers)
