"""The rows of invitations to an account's desk, each a mail that is to be sent by a worker.

Owns their columns. What an invitation opens, and until when, is cdr.invitations'."""

from django.conf import settings
from django.db import models

from cdr.member_rows import Role, member_roles
from streams.models import Account, Job


class Invitation(Job):
    """`key` stands in its link beside a signature, which is kept nowhere. `owner`: who invites, and has to be allowed to for as long as it
    works. `origin`: where the desk was asked. `problem`: why it was not mailed. Keys without constraints, as those of a membership."""

    key = models.CharField(max_length=16, unique=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="invitations", db_constraint=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="invitations", db_constraint=False)
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=member_roles, default=Role.VIEWER)
    origin = models.CharField(max_length=300)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)
    used_by = models.CharField(max_length=150, blank=True)
    revoked_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.email} to {self.account}"
