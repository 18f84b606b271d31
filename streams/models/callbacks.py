"""Status callbacks owed to customers, and each try to deliver one. Rows are made by `journal`, worked off by `delivery`."""

from django.db import models
from django.db.models import Q

from streams.models.calls import Stream
from streams.models.choices import CallbackState, callback_events, callback_states
from streams.models.jobs import Job
from streams.models.tenants import Account

TRY_FAILED = Q(tries__gt=1) | Q(Q(tries=1), ~Q(state=CallbackState.DELIVERED))
"""Callbacks that were not taken at the first try. (One that was sent again by hand has two tries as well.)"""


class Callback(Job):
    """One status callback with its frozen payload. The row is the queue: `due_at` says when the next try is, and a claim keeps two
    workers from making the same try."""

    # No index of its own: the constraint's begins with it. The same for an attempt's callback, and for the account.
    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="callbacks", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="callbacks", db_index=False)
    number = models.PositiveIntegerField(help_text="Counts the callbacks of a stream from 1.")
    event = models.CharField(max_length=20, choices=callback_events)
    url = models.CharField("URL", max_length=2048)
    method = models.CharField(max_length=4, default="POST")
    host = models.CharField(max_length=300, help_text="host:port of the URL; tries to one host at once are limited.")
    message_id = models.CharField(max_length=40, unique=True, help_text="The same in every try: the receiver's idempotency key.")
    parameters = models.JSONField(help_text="What is sent, as ordered [name, value] pairs.")
    created_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=callback_states, default=CallbackState.PENDING)
    due_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("stream", "number")
        constraints = [models.UniqueConstraint(fields=["stream", "number"], name="callback_number_once_per_stream")]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="callback_newest"),
            models.Index(fields=["-created_at", "-id"], condition=Q(state=CallbackState.GIVEN_UP), name="callback_given_up_newest"),
            models.Index(
                fields=["account", "host", "-created_at", "-id"],
                opclasses=["int8_ops", "varchar_pattern_ops", "timestamptz_ops", "int8_ops"],
                name="callback_account_host_newest",
            ),
            models.Index(fields=["due_at"], condition=Q(state=CallbackState.PENDING), name="callback_due"),
            models.Index(fields=["host", "due_at"], condition=Q(state=CallbackState.PENDING), name="callback_host_waiting"),
            models.Index(fields=["claimed_until"], condition=Q(claimed_until__isnull=False), name="callback_claimed"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.message_id}"


class CallbackAttempt(models.Model):
    """One try: what came back, or why nothing did. `status` is the HTTP status; `error` a sentence, empty when it was delivered."""

    callback = models.ForeignKey(Callback, on_delete=models.CASCADE, related_name="attempts", db_index=False)
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    address = models.CharField(max_length=60, blank=True, help_text="The address that was dialled.")
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=300, blank=True)
    response_head = models.TextField(blank=True, help_text="The first 4 KiB of the answer.")

    class Meta:
        ordering = ("callback", "number")
        constraints = [models.UniqueConstraint(fields=["callback", "number"], name="attempt_number_once_per_callback")]

    def __str__(self) -> str:
        return f"{self.callback} #{self.number}"
