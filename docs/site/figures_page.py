"""Every figure for Prometheus, and what troubles and alert rules are about.

Owns nothing of them: the figures are asked of the same functions that make /metrics, of a process without calls."""

from collections import Counter
from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

from prometheus_client import ProcessCollector
from prometheus_client.metrics_core import Metric

from cdr.pure.alerts.kinds import KINDS, SCOPE_WORDS
from config.metrics import of_calls
from config.metrics.families import of_every_process
from config.metrics.of_worker import of_deliveries
from docs.site.markdown import code, page, plain, section, table
from streams.calls.process_counts import AudioCounts, LiveCounts, ProcessCounts
from streams.calls.switchboard import Switchboard

VALUES_AT_MOST = 20
"""Of a label: longer lists have a page of their own."""


def of_a_web_process() -> list[Metric]:
    counts = ProcessCounts()
    spool = SimpleNamespace(file=SimpleNamespace(size=0))
    idle = SimpleNamespace(
        frames_received=0,
        calls=SimpleNamespace(lines=()),
        refusals=SimpleNamespace(counts=Counter()),
        directory=SimpleNamespace(entries={}),
        note_queue=SimpleNamespace(waiting=0, spool=spool),
    )
    board = cast(Switchboard, idle)  # a real one has loops, which look for a database
    figures = [*of_calls.of_process(ready=True, stopping=False, troubles=()), *of_calls.of_live(LiveCounts())]
    figures += [*of_calls.of_counts(counts), *of_calls.of_audio(board, AudioCounts()), *of_calls.of_gateways(board)]
    return [*figures, *of_calls.of_notes(board), *of_calls.of_database(dict.fromkeys(of_calls.WORDS, 0.0))]


def render() -> str:
    rules = []
    for kind, known in KINDS.items():
        rules.append((code(kind), plain(known.words), plain("; ".join(SCOPE_WORDS[scope] for scope in known.scopes))))
    return page(
        "Figures, troubles, alerts",
        "[Figures](../operation.md#figures) says who may read them, and how they are scraped. A histogram's series end with `_bucket`,\n"
        "`_sum` and `_count`.",
        section("Of every process", listed([*of_every_process("", {}), *ProcessCollector(registry=None).collect()])),
        section("Of a web process", listed(of_a_web_process())),
        section("Of a worker", listed([*of_deliveries()])),
        section(
            "Troubles",
            "What `/status` may say in `about`, and `streamdesk_trouble` has a series for: ",
            ", ".join(code(about) for about in of_calls.TROUBLES),
            ". [Probes](../operation.md#probes) says which of them can wait for the morning.\n",
        ),
        section("What alert rules may watch", table(("kind", "words", "of what"), rules)),
    )


def listed(figures: Sequence[Metric]) -> str:
    rows = ((code(named(each)), each.type, plain(each.documentation), labels(each)) for each in figures)
    return table(("figure", "kind", "what it says", "labels"), rows)


def named(figure: Metric) -> str:
    return f"{figure.name}_total" if figure.type == "counter" else figure.name


def labels(figure: Metric) -> str:
    values: dict[str, dict[str, None]] = {name: {} for name in getattr(figure, "_labelnames", ())}
    for sample in figure.samples:
        for name, value in sample.labels.items():
            if name in values:
                values[name][value] = None
    return "; ".join(f"{code(name)}{said(list(found))}" for name, found in values.items())


def said(values: list[str]) -> str:
    known = [code(value) for value in values if value]
    return ": " + ", ".join(known) if 0 < len(known) <= VALUES_AT_MOST else ""
