"""The plain words of each kind of event, made from what its details hold. A detail that is missing takes its phrase with it.

Owns the wording and how a detail's value is printed. Must not know rows, pages or the order of events."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from cdr.pure.figures import spoken_duration, spoken_ms
from streams.pure.customer.close_codes import code_words
from streams.pure.foreign_text import cleaned
from streams.pure.lifecycle import EventKind as K

Details = Mapping[str, Any]
Phrase = str | tuple[str, ...]
"""A phrase is printed when every {detail} in it has a value; of a tuple of phrases, the first that can be printed."""

WORDS: dict[str, tuple[Phrase, ...]] = {
    K.CALL_STARTED: (
        "The call came in",
        " through gateway {gateway}",
        " ({dialect})",
        " from {address}",
        ": {from} to {to}",
        ", {direction}",
        ". {problem}",
    ),
    K.CALL_MEDIA_STARTED: ("The gateway's audio began", ": {format}", ", {frame_ms} a frame", ", {control} control messages", ", {tracks}"),
    K.CALL_METADATA_LATE: (
        "The gateway's metadata came after the call had begun",
        (": the call is from {from} to {to}", ": the call is from {from}", ": the call is to {to}"),
        ", {direction}",
        ", the gateway's id for it is {gateway_call_id}",
        ". {audio}",
        "; {problem}",
    ),
    K.CALL_ANSWER_REQUESTED: ("The application's answer URL was asked", ": {method}", " {url}"),
    K.CALL_ANSWERED: (
        "The application answered",
        (" ({source})", " ({url})"),
        ": {streams} <Stream> in its XML",
        ", HTTP {status}",
        " after {duration_ms}",
    ),
    K.CALL_ANSWER_FAILED: ("The application gave no usable answer", ": {problem}", " (at {place})"),
    K.CALL_ANSWER_WARNING: ("A part of the application's answer was not followed", ": {problem}"),
    K.CALL_FIRST_AUDIO: ("The first audio came from the call", ", {after_ms} after the gateway had connected"),
    K.CALL_NO_AUDIO: (
        "The gateway's media began, and no audio has come from it",
        " within {after_seconds}",
        ": look at what it is set up to send",
        "; {instead}",
    ),
    K.CALL_AUDIO_STOPPED: ("No audio has come from the gateway", " for {after_seconds}", "; {instead}"),
    K.CALL_AUDIO_BACK: ("The gateway's audio is back", " after {gap_ms}", " (silence number {count} of this call)"),
    K.CALL_FRAMES_FAULTY: (
        "The numbers of the gateway's frames have gaps or are out of order",
        ": {frames_put_in_order} put in order",
        "; {frames_lost} lost",
        "; {frames_doubled} doubled and dropped",
        "; {frames_too_late} too late and dropped",
        ", so far",
    ),
    K.CALL_TURNS_FAILED: ("How the conversation goes is not measured any more; the audio is not touched by that", ". {problem}"),
    K.CALL_DTMF: (("Digit {digit} was pressed on the call", "A digit was pressed on the call"),),
    K.CALL_DTMF_SENT: (("Digits {digits} were sent to the call", "Digits were sent to the call"), " as {how}"),
    K.CALL_DTMF_FAILED: ("The digits were not sent to the call", ": {problem}"),
    K.CALL_GATEWAY_UNREADABLE: ("The gateway sent something that is not its protocol", ": {problem}", " (number {count} of this call)"),
    K.CALL_GATEWAY_ERROR: ("The gateway reported a problem", ": {text}"),
    K.CALL_GATEWAY_AWAITED: (
        ("We closed the gateway's socket with {our_close_code}", "The gateway's socket was lost"),
        " with {close_code}",
        "; for {awaited_seconds} another one may bring the call back",
        " (number {count} of this call)",
    ),
    K.CALL_GATEWAY_RESUMED: (
        "The gateway brought the call back on another socket",
        " from {address}",
        "; no audio had come for {gap_ms}",
        " (number {count} of this call)",
    ),
    K.CALL_CONTROL_REQUESTED: (
        ("{by} asked this call to {kind}", "{by} asked something of this call", "Something was asked of this call"),
        ". {problem}",
    ),
    K.CALL_HANGUP_SENT: ("The gateway was told to hang up the call",),
    K.CALL_EVENTS_LOST: (("{count} events could not be recorded", "Events could not be recorded"), ": this log has a gap here"),
    K.EVENTS_COUNTED: (("… and {more} more {of}", "Many more events of one kind"), " within a minute, of which only the number is kept"),
    K.CALL_ENDED: (
        "The call ended",
        ": {code}",
        " {name}",
        ", source {source}",
        ". {words}",
        ". {filled_ms} of silence were sent in place of audio that did not come",
        ". Of the gateway's frames {frame_faults}",
        (". Its socket closed with {close_code}", ". We closed its socket with {our_close_code}"),
    ),
    K.STREAM_REQUESTED: (
        "A stream",
        " to {service_url}",
        " was requested",
        " by {source}",
        ": {audio_track} track",
        " as {content_type}",
        ". {problem}",
    ),
    K.CONNECT_STARTED: ("Connecting", " to {url}", ", attempt {attempt}", " of {of}"),
    K.CONNECT_FAILED: (
        ("Connection attempt {attempt} failed", "The connection attempt failed"),
        ": {problem}",
        " (at {address})",
        ", after {duration_ms}",
        ("; the next attempt follows in {retry_in_seconds}", "; no further attempt"),
    ),
    K.CONNECTED: ("Connected", " to {address}", " on attempt {attempt}", " after {duration_ms}", ", subprotocol {subprotocol}"),
    K.NOISE_CANCELLATION_STARTED: (
        "Noise cancellation began: the caller's noise is suppressed on its way to the customer",
        ", {strength} strength",
        " (level {noise_level})",
        ", by {library}",
    ),
    K.NOISE_CANCELLATION_FAILED: ("The stream goes on without noise cancellation; its audio is as it came", ". {problem}"),
    K.RECORDING_STARTED: (
        "The stream is recorded",
        (", its last {last_seconds}", ", all of it"),
        ". Callers consent, its application says",
    ),
    K.RECORDING_KEPT: ("The recording is kept",),
    K.RECORDING_NOT_KEPT: ("The recording is not kept", ": {problem}"),
    K.STREAM_STARTED: (
        "Streaming began: the first packet was sent",
        " as {content_type}",
        ", with {buffered_ms} of audio waiting behind it",
    ),
    K.BUFFER_DEGRADED: (
        ("The customer's service is slow: the buffer passed {percent} %", "The customer's service is slow: the buffer fills"),
        ", {buffered_ms} of audio wait",
        " (it holds {capacity_ms})",
    ),
    K.BUFFER_RECOVERED: (
        ("The buffer is well below {percent} % again", "The buffer empties again"),
        ", {buffered_ms} of audio wait",
    ),
    K.DTMF_FORWARDED: (("Digit {digit} was forwarded to the customer", "A digit was forwarded to the customer"),),
    K.CUSTOMER_MESSAGE_IGNORED: ("A message from the customer's service was ignored", ": {problem}", " (number {count} of this stream)"),
    K.PLAYBACK_STARTED: ("The customer's service began to play audio to the call", " ({format})"),
    K.PLAY_FAILED: ("Audio from the customer's service was not played", ": {problem}", " (number {count} of this stream)"),
    K.CHECKPOINT_PLAYED: (("Everything before checkpoint “{name}” was played to the call", "A checkpoint was reached"),),
    K.CHECKPOINT_UNCONFIRMED: (
        (
            "The gateway has not confirmed that everything before checkpoint “{name}” was played",
            "The gateway has not confirmed a checkpoint",
        ),
        ", {within_seconds} after its time",
        ": the customer's service was told so (playFailed)",
        " (number {count} of this stream)",
    ),
    K.AUDIO_CLEARED: ("The customer's service cleared the audio it had queued", "; {waiting_ms} of it had not been played"),
    K.STOP_REQUESTED: (("{by} asked to stop the stream", "Someone asked to stop the stream"),),
    K.STREAM_ENDED: (
        ("The stream ended: {words}", "The stream ended: {cause}", "The stream ended"),
        ". Nothing had come from the gateway for {silent_seconds}, which is not billed",
        ". {sent_ms} of audio went out in {sent_frames} packets",
        ". {discarded_ms} of audio were thrown away",
        ". Suppressing the noise of a minute of audio took {noise_cpu_ms} of CPU",
        ". {play_failures} times audio from the customer was not played",
        ". {unconfirmed_checkpoints} times the gateway did not confirm a checkpoint",
    ),
    K.LAST_WORDS: (
        "The customer's service closed before all it had sent was heard",
        ", {waiting_ms} of audio",
        "; that is played first",
        ", for at most {within_seconds}",
    ),
    K.LAST_WORDS_HEARD: ("What the customer's service had sent before it closed was heard", ", {seconds} after the stream had ended"),
    K.LAST_WORDS_CUT_OFF: (
        "What the customer's service had sent before it closed was cut off",
        " after {within_seconds}",
        (": {waiting_ms} of audio were not heard", ": the gateway has not confirmed that it was heard"),
    ),
    K.SOCKET_CLOSED: ("The customer's socket closed", " with {close_code}", ", “{close_reason}”", ", {seconds} after the stream had ended"),
}
ASKED = {"start": "start a stream", "stop": "stop a stream", "send_dtmf": "send digits"}
"""Control requests whose stored word says too little."""
MANY: dict[str, str] = {
    K.CALL_DTMF: "digits pressed on the call",
    K.CALL_DTMF_SENT: "times that digits were sent to the call",
    K.CALL_GATEWAY_ERROR: "problems that the gateway reported",
    K.DTMF_FORWARDED: "digits forwarded to the customer",
    K.BUFFER_DEGRADED: "times that the buffer filled",
    K.BUFFER_RECOVERED: "times that the buffer emptied again",
    K.CHECKPOINT_PLAYED: "checkpoints that were reached",
    K.AUDIO_CLEARED: "times that the service cleared the audio it had queued",
}
"""Kinds of which there may be very many, in the plural."""
FIELD = re.compile(r"\{(\w+)\}")
CLOSE_CODES = ("close_code", "our_close_code")
SAID_ONLY_ABOVE_ZERO = ("buffered_ms", "discarded_ms", "ignored_messages", "peak_buffered_ms", "play_failures", "sent_frames", "sent_ms")


def words_of(kind: str, details: Details) -> str:
    """One sentence for an event. A kind nobody told us about is named; a page never fails over a row."""
    phrases = WORDS.get(kind)
    if phrases is None:
        return cleaned(kind.replace("_", " "), 100) + "."
    return with_full_stop("".join(_printed(phrase, details) for phrase in phrases))


def used_in_words(kind: str) -> set[str]:
    """The names of the details that the words of a kind may mention."""
    phrases: tuple[Phrase, ...] = WORDS.get(kind, ())
    return {name for phrase in phrases for name in FIELD.findall(phrase if isinstance(phrase, str) else "".join(phrase))}


def with_full_stop(sentence: str) -> str:
    """`sentence` with its full stop, a lone one even when its last words brought their own."""
    return sentence if sentence.endswith((".", "!", "?", "…")) else sentence + "."


def printed_value(name: str, value: Any) -> str:
    """A detail in words, its unit taken from its name; "" when there is nothing to say."""
    if value is None or value == "" or (name in SAID_ONLY_ABOVE_ZERO and value == 0):
        return ""
    if name == "more" and isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return _code(name, value) if name in CLOSE_CODES else _with_unit(name, value)
    if isinstance(value, str):
        return cleaned(value.strip() if name != "digit" else value)
    return cleaned(json.dumps(value, ensure_ascii=False, default=str))


def _code(name: str, value: float) -> str:
    return code_words(int(value), ours=name == "our_close_code")


def _with_unit(name: str, value: float) -> str:
    if name.endswith("_ms"):
        return spoken_ms(value)
    if name.endswith("seconds"):
        return spoken_duration(value) if value >= 1 else spoken_ms(value * 1000)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _printed(phrase: Phrase, details: Details) -> str:
    alternatives = (phrase,) if isinstance(phrase, str) else phrase
    return next(filter(None, (_filled(alternative, details) for alternative in alternatives)), "")


def _filled(phrase: str, details: Details) -> str:
    """The phrase with its values; "" when one is missing."""
    values = {name: _in_a_sentence(name, details.get(name)) for name in FIELD.findall(phrase)}
    return FIELD.sub(lambda field: values[field[1]], phrase) if all(values.values()) else ""


def _in_a_sentence(name: str, value: Any) -> str:
    """Words that are themselves a sentence lose their full stop: ours goes on after them."""
    text = printed_value(name, value)
    if name == "of":
        return MANY.get(text, f"events “{text.replace('_', ' ')}”") if isinstance(value, str) else text
    if name in ("kind", "cause"):
        return ASKED.get(text, text.replace("_", " "))
    return text.removesuffix(".") if name in ("problem", "words", "text", "audio") else text
