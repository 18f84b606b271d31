"""What web processes say of themselves while something is wrong with them, so that others can show it."""

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
