"""What web processes say of themselves, so that others can show it: that they are there, and what is wrong with them."""

from django.db import models


class ProcessReport(models.Model):
    """`troubles`: each as its sentences, in the order of streams.pure.trouble.Trouble. There is none of a process that is well."""

    owner = models.CharField(max_length=32, unique=True, help_text="The process, as in the leases of its calls.")
    troubles = models.JSONField()
    reported_at = models.DateTimeField(help_text="Database time.")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"trouble of {self.owner}"


class WebProcess(models.Model):
    """A process that takes calls, for as long as it says so."""

    owner = models.CharField(max_length=32, unique=True, help_text="As in the leases of its calls.")
    version = models.CharField(max_length=40, help_text="Of the platform that it runs.")
    machine = models.CharField(max_length=100)
    started_at = models.DateTimeField(help_text="Database time, as the other.")
    seen_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.owner} on {self.machine}"
