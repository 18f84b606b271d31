"""Figures of a call's timing as they stand on its page."""

from cdr.pure.timing_words import arrival_words, latency_words
from streams.pure.call.measure import Arrivals, Histogram


def test_silence_that_was_sent_in_place_of_audio_is_told() -> None:
    kept = {"counts_us": {"19000": 10}, "max_us": 20_000, "late": 0, "filled_ms": 4000}
    assert arrival_words(kept).endswith("late (over 40 ms); 4.0 s filled with silence")
    assert arrival_words({"filled_ms": 4000}).endswith("; 4.0 s filled with silence")


def test_a_steady_gateway_with_one_late_frame() -> None:
    arrivals = Arrivals()
    for index in range(1000):
        arrivals.came("inbound", index * 0.02)
    arrivals.came("inbound", 999 * 0.02 + 0.061)
    words = arrival_words(arrivals.to_json())
    assert words.startswith("p50 20 ms, p99 2") and words.endswith(" ms, longest 61 ms; 1 of 1,000 late (over 40 ms)")


def test_nothing_was_late() -> None:
    arrivals = Arrivals()
    arrivals.expect(30)
    arrivals.came("inbound", 0)
    arrivals.came("inbound", 0.03)
    assert arrival_words(arrivals.to_json()).endswith("none of 1 late (over 60 ms)")


def test_how_fast_audio_was_passed_on() -> None:
    histogram = Histogram()
    for seconds in [0.00025] * 98 + [0.0021, 12.34]:
        histogram.add(seconds)
    assert latency_words(histogram.to_json()) == "p50 0.3 ms, p99 3.0 ms, longest 12.3 s"


def test_what_was_not_measured_has_no_words() -> None:
    assert arrival_words({}) == latency_words({}) == "–"
    assert arrival_words(Arrivals().to_json()) == "–"
