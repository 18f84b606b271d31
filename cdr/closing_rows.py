"""The rows of closings of statements that were asked for.

Written by cdr.statements.closing_jobs. Imported by cdr.models, where Django looks for them."""

from django.conf import settings
from django.db import models

from streams.models import Account, Job


class StatementClosing(Job):
    """That a month of an account is to be closed, in one currency: one at a time. `by`, `address`: as the audit log has them. `streams`:
    how many it had when it was asked for. `problem`: why it was not closed, in a sentence, "" when it was."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="closings")
    currency = models.CharField(max_length=3)
    month = models.DateField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="closings", db_constraint=False)
    by = models.CharField(max_length=150)
    address = models.GenericIPAddressField(null=True)
    created_at = models.DateTimeField()
    streams = models.PositiveIntegerField()
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "closing of a statement"
        verbose_name_plural = "closings of statements"
        ordering = ("id",)
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["account", "currency", "month"], name="closing_of_a_statement_once")]

    def __str__(self) -> str:
        return f"{self.account}, {self.month:%B %Y}, {self.currency}"
