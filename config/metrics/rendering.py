"""Families as the text that Prometheus reads, with what the system says of the process (memory, CPU, descriptors).

Owns that text. Must not know what the figures are of."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric

__all__ = ["CONTENT_TYPE_LATEST", "rendered"]


class Held:
    """Families that are known already, as a collector."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self.families = families

    def collect(self) -> Iterable[Metric]:
        return self.families


def rendered(families: Iterable[Metric]) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    registry.register(Held(families))
    return generate_latest(registry)
