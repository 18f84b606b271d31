"""Customers' hosts that somebody blocked."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from streams.models.tenants import Account


class HostBlock(models.Model):
    """No stream of the account (null: of any) is sent to the host, and its callbacks wait. Written by streams.host_blocks."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="host_blocks")
    host = models.CharField(max_length=255, help_text="Without a port, as a stream's service_host has it.")
    why = models.CharField(max_length=200, blank=True)
    blocked_by = models.CharField(max_length=150, help_text="The user's name at that time.")
    blocked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(fields=["host", "account"], condition=Q(account__isnull=False), name="host_block_of_account_once"),
            models.UniqueConstraint(fields=["host"], condition=Q(account__isnull=True), name="host_block_of_all_once"),
        ]

    def __str__(self) -> str:
        return f"{self.host} for {self.account or 'all accounts'}"
