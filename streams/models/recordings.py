"""What is heard again of a stream: a row for each whose application has it recorded, beside a sealed file in a storage."""

from typing import ClassVar

from django.db import models

from streams.models.calls import Stream
from streams.models.choices import recording_states
from streams.models.tenants import Account
from streams.sealed import SealedTextField


class StreamRecording(models.Model):
    """Of each stream that is recorded, from a moment after its beginning on. `name`: of its file in the storage, which `file_key` alone
    opens (hexadecimal). `began_at`: the moment of its first sample; `gaps`: where nothing of the caller went to the service, as
    [from, to] in milliseconds from there. `size`: in bytes, of what is heard. `problem`: of one that is kept when
    and why it could not be read."""

    stream = models.OneToOneField(Stream, on_delete=models.CASCADE, primary_key=True, related_name="recording")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="recordings", db_index=False)
    state = models.CharField(max_length=10, choices=recording_states, default="writing")
    problem = models.CharField(max_length=300, blank=True, help_text="Why it is not kept.")
    name = models.CharField(max_length=100, unique=True)
    file_key = SealedTextField(blank=True)
    created_at = models.DateTimeField()
    began_at = models.DateTimeField(null=True)
    length_ms = models.PositiveIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)
    rate = models.PositiveIntegerField(default=0)
    gaps = models.JSONField(default=list)
    gaps_ms = models.PositiveIntegerField(default=0)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [
            models.Index(fields=["account", "state", "created_at"], name="recording_of_account"),
            models.Index(fields=["created_at"], condition=models.Q(state__in=("recording", "writing")), name="recording_under_way"),
        ]

    def __str__(self) -> str:
        return f"recording of stream {self.stream_id}"
