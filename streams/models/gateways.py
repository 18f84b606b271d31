"""What gateways did that is no call: attempts that were refused, and what each process hears of a gateway.

Rows are made by `refusals` and `traffic`, and removed when they are old."""

from django.db import models

from streams.models.choices import refusal_reasons
from streams.models.tenants import Gateway


class GatewayRefusal(models.Model):
    """Attempts that are alike, those of one hour in one row: a gateway that was not let in, or whose call was not taken."""

    gateway = models.ForeignKey(Gateway, on_delete=models.SET_NULL, null=True, related_name="refusals", db_index=False)
    name = models.CharField(max_length=80, blank=True, help_text="As it came, whether there is such a gateway or not.")
    dialect = models.CharField(max_length=30, blank=True, help_text="That of the path; empty for one that is not spoken.")
    address = models.CharField(max_length=45, blank=True, help_text="Where it came from, without the port.")
    reason = models.CharField(max_length=20, choices=refusal_reasons)
    words = models.CharField(max_length=500, blank=True, help_text="Why, in words: those of the last attempt.")
    call_uuid = models.UUIDField(null=True, help_text="The call it was about, that of the last attempt.")
    hour = models.DateTimeField(help_text="The hour of the first attempt; a later hour has a row of its own.")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = "refused attempt"
        ordering = ("-last_at", "-id")
        constraints = [models.UniqueConstraint(fields=["name", "dialect", "address", "reason", "hour"], name="refusal_once_an_hour")]
        indexes = [
            models.Index(fields=["-last_at", "-id"], name="refusal_newest"),
            models.Index(fields=["gateway", "-last_at"], name="refusal_gateway_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.name}".strip()


class GatewayTraffic(models.Model):
    """What one process hears of a gateway: how many frames of audio a second, over its last round."""

    owner = models.CharField(max_length=32, help_text="The process, as in the leases of its calls.")
    gateway = models.ForeignKey(Gateway, on_delete=models.CASCADE, related_name="traffic")
    frames_per_second = models.FloatField()
    measured_at = models.DateTimeField(help_text="Database time.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "gateway"], name="traffic_once_per_process")]

    def __str__(self) -> str:
        return f"{self.frames_per_second:.0f} frames/s of {self.gateway_id}"
