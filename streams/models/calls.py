"""Calls, their streams, and everything that happened to them.

Written by `journal` and ControlRequest by `control`; who else writes them is named in tests/test_writers_of_records.py."""

import dataclasses
import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from streams.models.choices import (
    CallbackTrouble,
    call_states,
    callback_troubles,
    control_kinds,
    event_kinds,
    event_levels,
    hangup_reasons,
    stream_states,
)
from streams.models.jobs import Job
from streams.models.tenants import Account, Application, Gateway
from streams.pure.customer.service_url import host_of
from streams.pure.lifecycle import CallState, EndCause, Level, StreamState
from streams.pure.messages import StreamRequest
from streams.pure.number_key import LONGEST_KEY, MOST_DIGITS, number_key
from streams.sealed import SealedTextField

UNUSUAL = (
    (~Q(end_cause="") & ~Q(end_cause=EndCause.CALL_ENDED.value))
    | Q(connect_attempts__gt=1)
    | Q(degraded_percent__gt=0)
    | Q(callback_trouble__gt=0)
    | Q(started_at__isnull=True, ended_at__isnull=False)
)
"""Streams that somebody may look for: a few in a hundred. Two narrow indexes hold them, in the order of each list, with every fact that
lists are narrowed by; so any combination of facts is read from one of them, in order, and the usual stream costs nothing. A query has
to say UNUSUAL in these very words: SQLite recognizes an index's condition by its text."""
FACTS = ("account", "hangup_reason", "end_cause", "close_code", "connect_attempts", "degraded_percent", "callback_trouble")
OUTBOUND = Q(direction="outbound")
TEXT_AND_KEY = ["varchar_pattern_ops", "int8_ops"]


class Call(models.Model):
    """One call leg a gateway brought. While it lives, `owner` (a process) holds a lease on it until `lease_until`, database time."""

    uuid = models.UUIDField(default=uuid.uuid4, editable=False, help_text="As its gateway calls it; its own within the account.")
    # The three have no index of their own: each begins one of those below.
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="calls", db_index=False)
    gateway = models.ForeignKey(Gateway, on_delete=models.SET_NULL, null=True, related_name="calls", db_index=False)
    application = models.ForeignKey(Application, on_delete=models.SET_NULL, null=True, related_name="calls", db_index=False)
    from_number = models.CharField("from", max_length=100, blank=True)
    to_number = models.CharField("to", max_length=100, blank=True)
    direction = models.CharField(max_length=10, choices=[("inbound", "inbound"), ("outbound", "outbound")], default="inbound")
    gateway_call_id = models.CharField(max_length=200, blank=True, help_text="What the gateway calls it (Asterisk: channel_id).")
    audio_format = models.CharField(max_length=30, blank=True, help_text="What the gateway sends.")
    state = models.CharField(max_length=10, choices=call_states, default=CallState.LIVE)
    started_at = models.DateTimeField("start time (UTC)")
    ended_at = models.DateTimeField("end time (UTC)", null=True)
    hangup_cause_code = models.PositiveIntegerField(null=True)
    hangup_cause_name = models.CharField(max_length=100, blank=True)
    hangup_source = models.CharField(max_length=30, blank=True)

    # What the two numbers are found by, and their digits from the last to the first: streams.pure.number_key.
    from_key = models.CharField(max_length=LONGEST_KEY, blank=True, editable=False)
    from_reversed = models.CharField(max_length=MOST_DIGITS, blank=True, editable=False)
    to_key = models.CharField(max_length=LONGEST_KEY, blank=True, editable=False)
    to_reversed = models.CharField(max_length=MOST_DIGITS, blank=True, editable=False)

    numbers_removed_at = models.DateTimeField(null=True, editable=False, help_text="By retention, as the two that follow.")
    payloads_removed_at = models.DateTimeField(null=True, editable=False)
    events_removed_at = models.DateTimeField(null=True, editable=False)

    owner = models.CharField(max_length=32, blank=True, editable=False, help_text="The process that holds the call.")
    epoch = models.PositiveIntegerField(default=1, editable=False, help_text="Grows when the lease is taken from its owner.")
    renewed_at = models.DateTimeField(null=True, editable=False, help_text="When its gateway was heard of last.")
    lease_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("-started_at", "-id")
        constraints = [models.UniqueConstraint(fields=["uuid", "account"], name="call_uuid_in_account")]
        indexes = [
            models.Index(fields=["-started_at", "-id"], name="call_newest"),
            models.Index(fields=["account", "-started_at", "-id"], name="call_account_newest"),
            models.Index(fields=["gateway", "-started_at"], name="call_gateway_newest"),
            models.Index(fields=["application", "-started_at", "-id"], name="call_application_newest"),
            models.Index(fields=["account", "-ended_at", "-id"], name="call_account_ended"),
            models.Index(fields=["-started_at", "-id"], condition=OUTBOUND, name="call_outbound_newest"),
            # For what a number begins or ends with, in all accounts or in one, whatever the database's collation.
            # SQLite compares bytes anyway.
            models.Index(fields=["from_key", "account"], opclasses=TEXT_AND_KEY, name="call_from_key_account"),
            models.Index(fields=["from_reversed", "account"], opclasses=TEXT_AND_KEY, name="call_from_reversed_account"),
            models.Index(fields=["to_key", "account"], opclasses=TEXT_AND_KEY, name="call_to_key_account"),
            models.Index(fields=["to_reversed", "account"], opclasses=TEXT_AND_KEY, name="call_to_reversed_account"),
            models.Index(fields=["owner"], condition=Q(state=CallState.LIVE), name="call_live_owner"),
            models.Index(fields=["lease_until"], condition=Q(state=CallState.LIVE), name="call_live_lease"),
        ]

    def __str__(self) -> str:
        return str(self.uuid)

    def save(self, **kwargs: Any) -> None:
        """Its numbers' keys are written with them."""
        written = kwargs.get("update_fields")
        sides = [side for side in ("from", "to") if written is None or f"{side}_number" in written]
        for side in sides:
            key = number_key(getattr(self, f"{side}_number"), self.account.country)
            setattr(self, f"{side}_key", key.key)
            setattr(self, f"{side}_reversed", key.reversed)
        if written is not None and sides:
            kwargs["update_fields"] = [*written, *(f"{side}_{name}" for side in sides for name in ("key", "reversed"))]
        super().save(**kwargs)


class Stream(models.Model):
    """One fork of a call's audio to one customer WebSocket. `started_at` is when the first packet was sent. `call_started_at` and
    `service_host` repeat what stands elsewhere, for indexes to hold it."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="streams")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="streams", db_index=False)
    call_started_at = models.DateTimeField(editable=False, help_text="When its call started.")
    state = models.CharField(max_length=12, choices=stream_states, default=StreamState.REQUESTED)
    requested_at = models.DateTimeField("requested (UTC)")
    started_at = models.DateTimeField("start time (UTC)", null=True)
    ended_at = models.DateTimeField("end time (UTC)", null=True)
    hangup_reason = models.CharField(max_length=20, choices=hangup_reasons, blank=True)
    end_cause = models.CharField(max_length=30, blank=True, help_text="Why precisely it ended.")
    end_details = models.CharField(max_length=500, blank=True, help_text="In words, with codes.")
    close_code = models.PositiveIntegerField("WebSocket close code", null=True)
    connect_attempts = models.PositiveSmallIntegerField(default=0)
    connect_ms = models.PositiveIntegerField(null=True, editable=False, help_text="How long the attempt took that succeeded.")
    play_failures = models.PositiveIntegerField(default=0, help_text="How often audio from the customer was not played.")
    degraded_percent = models.PositiveSmallIntegerField(default=0, help_text="Highest buffer level passed: 0, 30, 60 or 90.")
    callback_trouble = models.PositiveSmallIntegerField(choices=callback_troubles, default=CallbackTrouble.NONE)

    service_url = models.CharField("service URL", max_length=2048)
    service_host = models.CharField(max_length=255, blank=True, editable=False, help_text="Its host, in small letters, without the port.")
    bidirectional = models.BooleanField(default=False)
    audio_track = models.CharField(max_length=10, default="inbound")
    stream_timeout_seconds = models.PositiveIntegerField(default=86_400)
    status_callback_url = models.CharField("status callback URL", max_length=2048, blank=True)
    status_callback_method = models.CharField(max_length=4, default="POST")
    content_type = models.CharField(max_length=40, default="audio/x-l16;rate=8000")
    extra_headers = SealedTextField(blank=True)
    keep_call_alive = models.BooleanField(default=False)
    noise_cancellation = models.BooleanField(default=False)
    noise_cancellation_level = models.PositiveSmallIntegerField(default=85)

    class Meta:
        ordering = ("-requested_at", "-id")
        indexes = [
            models.Index(fields=["-requested_at", "-id"], name="stream_newest"),
            models.Index(fields=["account", "-requested_at", "-id"], name="stream_account_newest"),
            models.Index(
                fields=["account", "service_host", "-requested_at", "-id"],
                opclasses=["int8_ops", "varchar_pattern_ops", "timestamptz_ops", "int8_ops"],
                name="stream_account_host_newest",
            ),
            models.Index(fields=["-requested_at", "-id", *FACTS], condition=UNUSUAL, name="stream_unusual_newest"),
            models.Index(fields=["-call_started_at", "-call", *FACTS], condition=UNUSUAL, name="stream_unusual_by_call"),
            models.Index(
                fields=["service_host", "-call_started_at", "-call"],
                opclasses=["varchar_pattern_ops", "timestamptz_ops", "int8_ops"],
                name="stream_host_by_call",
            ),
        ]

    def __str__(self) -> str:
        return str(self.uuid)

    def save(self, **kwargs: Any) -> None:
        if self._state.adding:
            self.call_started_at, self.service_host = self.call.started_at, host_of(self.service_url)
        super().save(**kwargs)

    @property
    def request(self) -> StreamRequest:
        """What the customer asked for; the columns have the names of its fields."""
        return StreamRequest(**{field.name: getattr(self, field.name) for field in dataclasses.fields(StreamRequest)})


class StreamEvent(models.Model):
    """One fact in the life of a call or of one of its streams (`stream` null: of the call itself)."""

    # Neither has an index of its own: each begins one of those below.
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="events", db_index=False)
    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, null=True, related_name="events", db_index=False)
    number = models.PositiveIntegerField(null=True, help_text="Counts the notes of the call's process; empty when another wrote it.")
    at = models.DateTimeField()
    kind = models.CharField(max_length=40, choices=event_kinds)
    level = models.CharField(max_length=10, choices=event_levels, default=Level.INFO)
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ("at", "id")
        constraints = [models.UniqueConstraint(fields=["call", "number"], name="event_number_once_per_call")]
        indexes = [models.Index(fields=["stream", "at"], name="event_of_stream")]

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S.%f} {self.kind}"


class CallMeasure(models.Model):
    """How evenly the gateway's frames came: the gaps between them as `streams.pure.call.measure.Arrivals` keeps them."""

    call = models.OneToOneField(Call, on_delete=models.CASCADE, primary_key=True, related_name="measure")
    measured_at = models.DateTimeField()
    arrivals = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"timing of call {self.call_id}"


class StreamMeasure(models.Model):
    """How long audio took to the customer (`latency`, a `Histogram`) and how full the buffer was (`levels`, `Levels`). `noise`: how its
    noise cancellation goes, as `streams.pure.call.noise_cancellation` tells it; None of a stream that did not ask for it."""

    stream = models.OneToOneField(Stream, on_delete=models.CASCADE, primary_key=True, related_name="measure")
    measured_at = models.DateTimeField()
    latency = models.JSONField(default=dict)
    levels = models.JSONField(default=dict)
    noise = models.JSONField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"timing of stream {self.stream_id}"


class ControlRequest(Job):
    """Something asked of a live call: the row is the truth, the channel-layer message only a nudge. Claimed by the call's owner, and
    finished when it was carried out."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="control_requests")
    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, null=True, related_name="control_requests")
    kind = models.CharField(max_length=10, choices=control_kinds)
    details = models.JSONField(default=dict)
    extra_headers = SealedTextField(blank=True, help_text="Of a start: what `details` do not tell of the request.")
    requested_by = models.CharField(max_length=150, help_text="'API' or the operator's user name.")
    requested_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("id",)
        indexes = [
            models.Index(fields=["call"], condition=Q(finished_at=None), name="control_waiting"),
            models.Index(fields=["requested_at"], condition=Q(kind="start", stream=None), name="control_start_unwritten"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.call_id}"


class Heartbeat(models.Model):
    """When a periodic task last ran (database time): readiness looks at it, and the reaper learns from it that it was away."""

    name = models.CharField(max_length=30, unique=True)
    beat_at = models.DateTimeField()
    hold_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} {self.beat_at}"
