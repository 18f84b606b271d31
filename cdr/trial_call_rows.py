"""The rows of test calls: which gateway brings one, to which address of this installation, and how that went.

Written by cdr.trial_calls. Imported by cdr.models, where Django looks for them."""

from django.conf import settings
from django.db import models

from streams.models import Gateway, Job
from streams.sealed import SealedTextField


class TrialCall(Job):
    """A call that a worker brings as the gateway would, through the endpoint that gateways use. `secret`: the gateway's password until the
    call is over, then nothing. `problem`: why there was none, `report`: how the gateway's side of it went, each a sentence."""

    # Without constraints: a version of the platform that does not know this table may delete either.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="trial_calls", db_constraint=False
    )
    gateway = models.ForeignKey(Gateway, on_delete=models.SET_NULL, null=True, related_name="trial_calls", db_constraint=False)
    gateway_name = models.CharField(max_length=63)
    account_key = models.BigIntegerField()
    by = models.CharField(max_length=150)
    address = models.CharField("platform's address", max_length=300)
    secret = SealedTextField(blank=True)
    call_uuid = models.UUIDField(unique=True)
    created_at = models.DateTimeField()
    problem = models.CharField(max_length=500, blank=True)
    report = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = "test call"
        ordering = ("-id",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"by {self.gateway_name} to {self.address}"
