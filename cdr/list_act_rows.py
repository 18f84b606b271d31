"""The rows of acts on all that matched a list: the job, and the keys of what it is still to be done to.

Written by cdr.list_acts. Imported by cdr.models, where Django looks for them."""

from django.conf import settings
from django.db import models

from streams.models import Job
from streams.models.choices import Choices


class ListActKind(models.TextChoices):
    STOP = "stop", "stop streams"
    RESEND = "resend", "send callbacks again"
    RESEND_DELIVERED = "delivered", "send delivered callbacks again"


class ListActState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


def list_act_kinds() -> Choices:
    return ListActKind.choices


def list_act_states() -> Choices:
    return ListActState.choices


class ListAct(Job):
    """One act on all that matched a list when it was confirmed. `question`: which was answered by it, so that one is answered once.
    `by`, `address`: as the audit log has them. `section`, `query`: the list, for people: what it is done to stands in the parts.
    `rows_done` is of those that it was done to, `rows_late` of those for which it was too late. `halted_by`: who wants it stopped."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="list_acts", db_constraint=False)
    by = models.CharField(max_length=150)
    address = models.GenericIPAddressField(null=True)
    kind = models.CharField(max_length=10, choices=list_act_kinds)
    section = models.CharField(max_length=50)
    query = models.CharField(max_length=2000)
    question = models.CharField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=list_act_states, default=ListActState.WAITING)
    rows_total = models.PositiveIntegerField()
    rows_done = models.PositiveIntegerField(default=0)
    rows_late = models.PositiveIntegerField(default=0)
    halted_by = models.CharField(max_length=150, blank=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "act on a list"
        verbose_name_plural = "acts on lists"
        ordering = ("-id",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.rows_total})"


class ListActPart(models.Model):
    """Rows that it is still to be done to, by their keys. Deleted in the transaction that does it."""

    act = models.ForeignKey(ListAct, on_delete=models.CASCADE, related_name="parts")
    keys = models.JSONField()

    class Meta:
        ordering = ("pk",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"{len(self.keys)} rows of {self.act_id}"
