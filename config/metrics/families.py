"""What each figure is called, and what it says: figures as Prometheus' families of samples.

Owns names, words and labels. Each label's values are a list that we know the end of: no name, number, host or uuid, so that the number of
series is bounded, and a page may be kept for years. Must not know how figures are come by, nor how a page is served."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from streams.pure.call.measure import EDGES_US, Histogram

PREFIX = "streamdesk_"
BUCKETS_US = (
    *(1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 50_000, 100_000, 200_000, 500_000),
    *(1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000, 30_000_000),
)
"""Where buckets end: of those that are counted in, so that nothing has to be guessed."""
_PLACES = tuple(EDGES_US.index(end) for end in BUCKETS_US)
_MIDDLES_SECONDS = tuple((low + high) / 2_000_000 for low, high in pairwise((*EDGES_US, EDGES_US[-1])))

Labelled = Mapping[tuple[str, ...], float]


def counter(name: str, words: str, value: float) -> Metric:
    return CounterMetricFamily(PREFIX + name, words, value=value)


def gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, words, value=value)


def counters(name: str, words: str, labels: tuple[str, ...], values: Labelled) -> Metric:
    family = CounterMetricFamily(PREFIX + name, words, labels=labels)
    for told, value in values.items():
        family.add_metric(told, value)
    return family


def gauges(name: str, words: str, labels: tuple[str, ...], values: Labelled) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, words, labels=labels)
    for told, value in values.items():
        family.add_metric(told, value)
    return family


def seconds(name: str, words: str, histograms: Mapping[tuple[str, ...], Histogram], labels: tuple[str, ...] = ()) -> Metric:
    """Durations. Their sum is reckoned by the middle of each of the hundred buckets that they were counted in: nobody adds up on the way of
    a frame."""
    family = HistogramMetricFamily(PREFIX + name, words, labels=labels)
    for told, histogram in histograms.items():
        counts = list(histogram.counts)
        buckets = [(str(end / 1_000_000), float(sum(counts[:place]))) for end, place in zip(BUCKETS_US, _PLACES, strict=True)]
        total = sum(count * middle for count, middle in zip(counts, _MIDDLES_SECONDS, strict=True))
        family.add_metric(told, [*buckets, ("+Inf", float(sum(counts)))], total)
    return family


def one_label(values: Mapping[str, float]) -> Labelled:
    return {(name,): value for name, value in values.items()}


def of_every_process(version: str, away: Mapping[str, bool]) -> Iterator[Metric]:
    yield gauges("build_info", "The version that runs.", ("version",), {(version,): 1.0})
    words = "1 while something this process depends on is away, as its log says it: a circuit that is open."
    yield gauges("away", words, ("what",), one_label({what: float(is_away) for what, is_away in away.items()}))
