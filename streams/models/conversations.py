"""How the conversation of a stream went: one row for each stream whose service may speak to the call, written with the stream's end."""

from typing import ClassVar

from django.db import models

from streams.models.calls import Stream


class StreamConversation(models.Model):
    """In milliseconds. `response_*`: from the caller's end to when the bot was heard, None where it never answered; `greeting_ms`: from
    the stream's request to the first that was heard of the bot. `course`: the first turns and spans, as
    `streams.pure.conversation.dialogue` tells them."""

    stream = models.OneToOneField(Stream, on_delete=models.CASCADE, primary_key=True, related_name="conversation")
    length_ms = models.PositiveIntegerField()
    turns = models.PositiveIntegerField()
    responses = models.PositiveIntegerField()
    response_p50_ms = models.PositiveIntegerField(null=True)
    response_p95_ms = models.PositiveIntegerField(null=True)
    response_longest_ms = models.PositiveIntegerField(null=True)
    greeting_ms = models.PositiveIntegerField(null=True)
    long_silences = models.PositiveIntegerField()
    longest_silence_ms = models.PositiveIntegerField()
    caller_interruptions = models.PositiveIntegerField()
    bot_interruptions = models.PositiveIntegerField()
    caller_ms = models.PositiveIntegerField()
    bot_ms = models.PositiveIntegerField()
    both_ms = models.PositiveIntegerField()
    course = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [models.Index(fields=["response_longest_ms"], name="conversation_slowest")]

    FIGURES: ClassVar[tuple[str, ...]] = (
        *("length_ms", "turns", "responses", "response_p50_ms", "response_p95_ms", "response_longest_ms", "greeting_ms"),
        *("long_silences", "longest_silence_ms", "caller_interruptions", "bot_interruptions", "caller_ms", "bot_ms", "both_ms"),
    )

    def __str__(self) -> str:
        return f"conversation of stream {self.stream_id}"
