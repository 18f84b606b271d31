"""Charges, and `streams`' calls and streams under the names the console shows (proxies, so that no foreign key points here)."""

from django.db import models

from streams.models import Call, Stream


class Charge(models.Model):
    """What one ended stream cost, with the rate and interval of that moment. `seconds` is the duration rounded up to whole seconds."""

    stream = models.OneToOneField(Stream, on_delete=models.PROTECT, related_name="charge")
    seconds = models.PositiveIntegerField("duration (s)")
    billed_seconds = models.PositiveIntegerField("rounded bill duration (s)")
    rate = models.DecimalField(max_digits=12, decimal_places=5)
    interval_seconds = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    amount = models.DecimalField("billed amount", max_digits=18, decimal_places=5)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class CallDetail(Call):
    """A call as the console's CDR shows it."""

    class Meta:
        proxy = True
        verbose_name = "call"
        ordering = ("-started_at", "-id")


class StreamDetail(Stream):
    """A stream as the console's CDR shows it."""

    class Meta:
        proxy = True
        verbose_name = "stream"
        permissions = [("stop_stream", "Can stop a live stream")]
        ordering = ("-requested_at", "-id")
