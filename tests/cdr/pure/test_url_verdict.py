"""What a test of a service URL showed, in a sentence."""

import pytest

from cdr.pure.url_verdict import said_in_words, steps_in_words, verdict
from streams.pure.customer.connection import Closure, Failure
from streams.pure.customer.protocol import PlayAudio, Unknown
from streams.pure.customer.url_report import UrlReport
from streams.pure.messages import AudioFormat, Encoding

MULAW = AudioFormat(Encoding.MULAW, 8000)


def good() -> UrlReport:
    report = UrlReport(address="192.0.2.1", sent_frames=100)
    for step, took_ms in (("resolved", 2), ("connected", 14), ("secured", 30), ("upgraded", 21)):
        report.passed(step, took_ms)
    return report


def judged(report: UrlReport) -> tuple[str, str]:
    badge, sentence = verdict(report.as_json())
    return badge.tone, sentence


def test_a_service_that_only_listens_works() -> None:
    sentence = "A stream would work: the service took two seconds of audio and said nothing, as one that only listens does."
    assert judged(good()) == ("good", sentence)


def test_the_first_message_is_told_with_its_time() -> None:
    report = good()
    report.heard(PlayAudio(bytes(160), MULAW), 132)
    assert judged(report)[1].endswith("and its first message, playAudio, came 132 ms after dialling.")


def test_why_a_stream_would_not_begin_is_told_first() -> None:
    report = UrlReport()
    report.failed(Failure("The service refused the WebSocket upgrade: HTTP 403.", 12, "192.0.2.1", 403))
    assert judged(report) == ("bad", "A stream would not begin. The service refused the WebSocket upgrade: HTTP 403.")


def test_a_close_of_the_service_is_a_dropped_stream() -> None:
    report = good()
    report.closed_by_service(Closure(True, 1011, "bot crashed"), 540)
    tone, sentence = judged(report)
    assert tone == "bad" and sentence.startswith("A stream would be dropped: 540 ms after dialling") and "bot crashed" in sentence


@pytest.mark.parametrize(("unsent_ms", "tone"), [(499, "good"), (500, "warn"), (1900, "warn")])
def test_audio_that_is_not_taken_raises_doubts(unsent_ms, tone) -> None:
    report = good()
    report.waits(unsent_ms)
    assert judged(report)[0] == tone


def test_messages_that_cannot_be_carried_out_raise_doubts() -> None:
    report = good()
    report.heard(Unknown("A message has to be JSON.", "<html>"), 9)
    assert judged(report) == ("warn", "A stream would begin, but 1 message of the service could not be carried out; they are listed below.")
    assert said_in_words(report.as_json()["said"][0]) == "unknown, A message has to be JSON. It began: <html>"


def test_steps_and_messages_are_read_as_lines() -> None:
    report = good()
    for at_ms in (30, 50, 70):
        report.heard(PlayAudio(bytes(160), MULAW), at_ms)
    assert steps_in_words(report.as_json()) == (
        "name looked up in 2 ms, TCP connected in 14 ms, TLS agreed in 30 ms, WebSocket upgraded in 21 ms"
    )
    assert said_in_words(report.as_json()["said"][0]) == "3 × playAudio, mulaw 8000 Hz, 60 ms of audio"
