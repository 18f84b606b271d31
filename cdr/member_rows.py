"""The rows of memberships: which people an account's desk is open to, and as what.

Owns their columns. What a member may see is cdr.desk_scope's."""

from django.conf import settings
from django.db import models

from streams.models import Account
from streams.models.choices import Choices


class Role(models.TextChoices):
    """A viewer looks; a manager also acts on what is the account's."""

    VIEWER = "viewer"
    MANAGER = "manager"


def member_roles() -> Choices:
    return Role.choices


class Membership(models.Model):
    """A person at the desk of an account. Without constraints on the keys: a version of the platform that does not know this table may
    delete a user or an account; a row that is left of either opens nothing, as it is read with both."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships", db_constraint=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="memberships", db_constraint=False)
    role = models.CharField(max_length=10, choices=member_roles, default=Role.VIEWER)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=150, blank=True)

    class Meta:
        verbose_name = "member"
        default_permissions = ()
        permissions = [("change_members", "Can add and remove members of an account's desk")]
        ordering = ("account", "user__username")
        constraints = [models.UniqueConstraint(fields=["account", "user"], name="member_once")]

    def __str__(self) -> str:
        return f"{self.user} at {self.account}"
