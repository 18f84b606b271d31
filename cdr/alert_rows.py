"""The rows of alerts: rules, where they are told, what was found when, and each message with its tries.

Written by cdr.alerts; rules and places also by their forms. Imported by cdr.models, where Django looks for them."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from cdr.pure.alerts.kinds import AlertKind, AlertScope
from cdr.pure.alerts.wording import AlertStep
from streams.models import Account, Gateway, Job
from streams.models.choices import Choices, choices_of
from streams.sealed import SealedTextField


def one_line(text: str) -> None:
    """Names stand in the subjects of mails."""
    if not text.isprintable():
        raise ValidationError("It holds a line break or a character that cannot be seen. Write it in one plain line.")


class ChannelKind(models.TextChoices):
    MAIL = "mail", "mail"
    WEBHOOK = "webhook", "webhook (Standard Webhooks)"
    SLACK = "slack", "Slack"
    PAGERDUTY = "pagerduty", "PagerDuty"


class MessageState(models.TextChoices):
    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up", "given up"


def alert_kinds() -> Choices:
    return choices_of(AlertKind)


def alert_scopes() -> Choices:
    return choices_of(AlertScope)


def alert_steps() -> Choices:
    return choices_of(AlertStep)


def channel_kinds() -> Choices:
    return ChannelKind.choices


def message_states() -> Choices:
    return MessageState.choices


class AlertChannel(models.Model):
    """A place where alerts are told. `failing_since`: of the tries that failed since the last one that did not, the first."""

    name = models.CharField(max_length=60, unique=True, validators=[one_line])
    kind = models.CharField(max_length=10, choices=channel_kinds)
    enabled = models.BooleanField("switched on", default=True)
    addresses = models.TextField(blank=True, help_text="Of mail: one address a line.")
    url = SealedTextField("URL", blank=True)
    secret = SealedTextField(blank=True)
    failing_since = models.DateTimeField(null=True, editable=False)
    last_error = models.CharField(max_length=300, blank=True, editable=False)
    last_sent_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "place to tell"
        verbose_name_plural = "places to tell"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class AlertRule(Job):
    """What is watched. As a Job it is claimed by whoever looks at it, given back with the time of the next look (`due_at`), and never
    finished. `evaluated_at`: as of when it was looked at last; `problem`: why that could not be done, "" when it could."""

    name = models.CharField(max_length=100, unique=True, validators=[one_line])
    enabled = models.BooleanField("switched on", default=True)
    kind = models.CharField("what", max_length=30, choices=alert_kinds)
    threshold = models.DecimalField(max_digits=18, decimal_places=5)
    window_minutes = models.PositiveIntegerField("within (minutes)", default=0)
    least_count = models.PositiveIntegerField("of at least", default=10)
    scope = models.CharField("watched for", max_length=20, choices=alert_scopes, default=AlertScope.ALL.value)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, blank=True, related_name="alert_rules")
    gateway = models.ForeignKey(Gateway, on_delete=models.CASCADE, null=True, blank=True, related_name="alert_rules")
    host = models.CharField(max_length=255, blank=True)
    repeat_minutes = models.PositiveIntegerField("tell again every (minutes)", default=60)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=60, default="UTC")
    channels = models.ManyToManyField(AlertChannel, blank=True, related_name="rules", verbose_name="tell")
    due_at = models.DateTimeField(null=True, editable=False)
    evaluated_at = models.DateTimeField(null=True, editable=False)
    problem = models.CharField(max_length=300, blank=True, editable=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Alert(models.Model):
    """What a rule found of one subject, from when it was over the threshold until that was gone. It outlives its rule: `title` is that
    one's name. `clear_since`: since when the condition is gone. `told_at`: when it was told last."""

    rule = models.ForeignKey(AlertRule, on_delete=models.SET_NULL, null=True, related_name="alerts")
    title = models.CharField(max_length=100)
    kind = models.CharField(max_length=30, choices=alert_kinds)
    subject = models.CharField(max_length=300)
    account = models.ForeignKey(Account, on_delete=models.SET_NULL, null=True, related_name="alerts")
    gateway = models.ForeignKey(Gateway, on_delete=models.SET_NULL, null=True, related_name="alerts")
    host = models.CharField(max_length=255, blank=True)
    headline = models.CharField(max_length=300)
    window_minutes = models.PositiveIntegerField(default=0)
    threshold = models.DecimalField(max_digits=18, decimal_places=5)
    value = models.DecimalField(max_digits=18, decimal_places=5, help_text="As it was found last.")
    worst = models.DecimalField(max_digits=18, decimal_places=5)
    noted = models.DecimalField(max_digits=18, decimal_places=5, help_text="As its newest event has it.")
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="When its condition was met last.")
    clear_since = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_why = models.CharField(max_length=200, blank=True)
    reopened = models.PositiveSmallIntegerField(default=0)
    told_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=150, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("-opened_at", "-id")
        default_permissions = ("view",)
        permissions = [("acknowledge_alert", "Can acknowledge an alert")]
        constraints = [models.UniqueConstraint(fields=["rule", "subject"], condition=Q(closed_at=None), name="alert_open_once")]
        indexes = [
            models.Index(fields=["-opened_at", "-id"], name="alert_newest"),
            models.Index(fields=["-opened_at", "-id"], condition=Q(closed_at=None), name="alert_open_newest"),
            models.Index(fields=["rule", "subject", "-closed_at"], name="alert_of_subject"),
        ]

    def __str__(self) -> str:
        return self.headline


class AlertEvent(models.Model):
    """What happened to an alert, in order."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    step = models.CharField(max_length=20, choices=alert_steps)
    words = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("at", "id")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S} {self.step}"


class AlertMessage(Job):
    """One message to one place, about one alert or about many: `content` is what it says (cdr.pure.alerts.messages), and stays the same in
    all tries."""

    channel = models.ForeignKey(AlertChannel, on_delete=models.CASCADE, related_name="messages")
    message_id = models.CharField(max_length=40, unique=True, help_text="The same in every try: the receiver's idempotency key.")
    content = models.JSONField()
    created_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=message_states, default=MessageState.WAITING.value)
    due_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "message of alerts"
        verbose_name_plural = "messages of alerts"
        ordering = ("-created_at", "-id")
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="alert_message_newest"),
            models.Index(fields=["channel", "-created_at"], name="alert_message_of_channel"),
            models.Index(fields=["due_at"], condition=Q(finished_at=None), name="alert_message_due"),
        ]

    def __str__(self) -> str:
        return f"message {self.message_id}"


class AlertNotice(models.Model):
    """That a step of an alert is to be told to a place: not before `due_at`, where its rule has quiet hours. `message`: the one that told
    it."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="notices")
    channel = models.ForeignKey(AlertChannel, on_delete=models.CASCADE, related_name="notices", db_index=False)
    step = models.CharField(max_length=20, choices=alert_steps)
    at = models.DateTimeField()
    headline = models.CharField(max_length=300)
    due_at = models.DateTimeField()
    message = models.ForeignKey(AlertMessage, on_delete=models.SET_NULL, null=True, related_name="notices")

    class Meta:
        ordering = ("id",)
        default_permissions = ()
        indexes = [models.Index(fields=["channel", "due_at"], condition=Q(message=None), name="alert_notice_waiting")]

    def __str__(self) -> str:
        return f"{self.step} {self.alert_id}"


class AlertTry(models.Model):
    """One try to send a message. `status`: HTTP's, or SMTP's; `error` a sentence, empty when it was taken."""

    message = models.ForeignKey(AlertMessage, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    address = models.CharField(max_length=300, blank=True)
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=300, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ("message", "number", "id")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.message} #{self.number}"
