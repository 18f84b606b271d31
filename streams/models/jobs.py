"""The columns of a row that is a job. What they mean and who writes them is said in streams.jobs."""

from django.db import models


class Job(models.Model):
    """Work for one worker at a time. `claimed_by` names one claim, and is empty while nobody has the job; a claim counts until
    `claimed_until`. `tries` are those that are over, with or without success; the one under way is not counted."""

    claimed_by = models.CharField(max_length=32, blank=True)
    claimed_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
