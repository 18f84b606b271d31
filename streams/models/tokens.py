"""An account's auth tokens, and which keys this database's secrets are sealed with.

Owns their columns. Which tokens count is streams.pure.callback.auth_tokens'; the verbs are in streams.tokens."""

from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone

from streams.models.tenants import Account
from streams.sealed import SealedTextField, seal

LONGEST_NAME = 60


class AuthToken(models.Model):
    """Opens the API for its account and signs what we send it, until `ends_at` (empty: until somebody revokes it).

    One that has ended stays, so that it is known again where somebody brings it."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="auth_tokens")
    name = models.CharField(max_length=LONGEST_NAME, help_text="What uses it.")
    secret = SealedTextField(editable=False)
    digest = models.CharField(max_length=64, editable=False, help_text="What it is found by: keyed, so that nobody can try tokens on it.")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.CharField(max_length=150, blank=True)
    last_used_at = models.DateTimeField(null=True, help_text="In the API; up to an hour old.")
    ends_at = models.DateTimeField(null=True)

    asked_at: datetime
    """What time it was for the database; of a token that was looked for."""

    class Meta:
        default_permissions = ()
        ordering = ("-created_at", "-pk")
        indexes = [models.Index(fields=["account", "digest"], name="token_of_account")]
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], condition=models.Q(ends_at=None), name="token_name_once_per_account")
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.name}"

    def save(self, **kwargs: Any) -> None:
        if self._state.adding:
            self.digest = seal().digests(self.secret)[0]
        super().save(**kwargs)


class SecretsKey(models.Model):
    """A key of SECRETS_KEY that something in this database is sealed with, by its fingerprint. Written by streams.sealed."""

    fingerprint = models.CharField(max_length=16, primary_key=True)
    used_since = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.fingerprint
