"""Which faults are injected into which installation. What stands in one lane comes one after the other; lanes run side by side, each in an
installation of its own.

Owns the lists. Must not know how anything is injected."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.chaos.faults import clocks, customers, embedded, gateways, processes, stores
from tests.chaos.sites import EmbeddedSite, LargeSite
from tests.chaos.trial import Fault


@dataclass(frozen=True, eq=False)
class Lane:
    name: str
    site: Callable[[str, str], LargeSite | EmbeddedSite]
    faults: Sequence[Fault]


LANES = (
    Lane("stores", LargeSite, stores.FAULTS),
    Lane("processes", LargeSite, [*gateways.DOORS, *processes.FAULTS, stores.HANGING_REDIS, *clocks.FAULTS]),
    Lane("embedded", EmbeddedSite, [*embedded.FAULTS, *customers.FAULTS, *gateways.FAULTS]),
)
