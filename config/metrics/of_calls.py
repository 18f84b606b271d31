"""The figures of a web process: its calls and streams, what waits in it, its loops, and what it knows of the installation.

Owns which figures there are of these. Reads what is counted anyway; must not know how a page is served."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client.metrics_core import Metric

from config.metrics.families import counter, counters, gauge, gauges, one_label, seconds
from config.metrics.figures import Backlog
from streams import keeper
from streams.calls import note_queue, spool
from streams.calls.process_counts import AudioCounts, LiveCounts, ProcessCounts
from streams.calls.switchboard import Switchboard
from streams.gateways.line import GatewayLine
from streams.pure.gateway.dialects import DIALECTS
from streams.pure.gateway.refusal import Reason
from streams.pure.lifecycle import EndCause, EventKind, StreamState
from streams.pure.trouble import Trouble
from streams.serving.turned_away import refused_since_start

TROUBLES = (
    "database",
    "redis",
    "worker",
    "beat",
    "calls",
    "callbacks",
    "exports",
    "url_tests",
    "trial_calls",
    "list_acts",
    "closings",
    "loops",
    "leases",
    "notes",
    "spool",
    "storm",
    "money",
    "alerts",
    "partitions",
)
"""What a trouble may be about (docs/operation.md). All have a series from the beginning."""


async def of_switchboard(board: Switchboard) -> list[Metric]:
    audio, live = await board.counts.so_far(board.relays.values())
    return [*of_live(live), *of_counts(board.counts), *of_audio(board, audio), *of_gateways(board), *of_notes(board)]


def of_live(live: LiveCounts) -> Iterator[Metric]:
    yield gauge("calls_live", "Calls that are live in this process.", live.calls)
    states = {state.value: float(live.streams[state]) for state in StreamState if state is not StreamState.ENDED}
    yield gauges("streams_live", "Streams of live calls, by what they are doing.", ("state",), one_label(states))
    filled = {str(percent): float(count) for percent, count in live.filled.items()}
    words = "Live streams that have at least so many per cent of their buffer waiting for the customer."
    yield gauges("streams_filled", words, ("percent",), one_label(filled))
    yield gauge("streams_noise_cancelled", "Live streams whose caller's noise is suppressed (NOISE_CANCELLATION_STREAMS).", live.noise)
    yield gauge("stream_fullest_buffer_seconds", "The most audio that waits for one customer now.", live.fullest_ms / 1000)


def of_counts(counts: ProcessCounts) -> Iterator[Metric]:
    kinds = {kind.value: float(counts.events[kind]) for kind in EventKind}
    yield counters("events", "Facts of calls and streams, by kind, as the debug log has them.", ("kind",), one_label(kinds))
    ends: dict[tuple[str, ...], float] = {key: float(count) for key, count in counts.call_ends.items()}
    yield counters("calls_ended", "Calls that ended, by who ended them and hangup cause.", ("source", "cause"), ends)
    words = "Streams that ended, by precise cause."
    yield counters(
        "streams_ended", words, ("cause",), one_label({cause.value: float(counts.stream_ends[cause.value]) for cause in EndCause})
    )
    words = "Seconds of audio that were not sent any more when their stream ended, by cause."
    discarded = {cause.value: counts.discarded_ms[cause.value] / 1000 for cause in EndCause}
    yield counters("audio_discarded_seconds", words, ("cause",), one_label(discarded))
    words = "How often a stream's buffer passed this level (DegradedStream)."
    yield counters(
        "streams_degraded", words, ("percent",), one_label({str(level): float(counts.degraded[level]) for level in (30, 60, 90)})
    )
    yield seconds("stream_peak_buffer_seconds", "The most audio that waited for a customer, of each stream that ended.", {(): counts.peaks})
    words = "How long bots let callers wait, from the caller's end to when the bot was heard, of streams that ended."
    yield seconds("bot_response_seconds", words, {(): counts.responses})
    interruptions = {side: float(counts.interruptions[side]) for side in ("caller", "bot")}
    yield counters("interruptions", "How often one side began while the other spoke, by who began.", ("by",), one_label(interruptions))
    yield counter("long_silences", "How often neither caller nor bot spoke for more than 3 s.", counts.long_silences)


def of_audio(board: Switchboard, audio: AudioCounts) -> Iterator[Metric]:
    yield counter("gateway_frames", "Frames of audio that gateways brought.", board.frames_received)
    yield counter("gateway_frames_late", "Of those, frames that came more than two frame times after the one before.", audio.late_frames)
    yield counter("customer_frames", "Frames of audio that were sent to customers' services.", audio.sent_frames)
    yield counter("noise_cancelled_audio_seconds", "Seconds of audio whose noise was suppressed.", audio.noise_audio_ms / 1000)
    yield counter("noise_cancellation_cpu_seconds", "Seconds of CPU that this took.", audio.noise_cpu_seconds)
    words = "How long each frame took from its arrival to its sending."
    yield seconds("stream_added_latency_seconds", words, {(): audio.latency})


def of_gateways(board: Switchboard) -> Iterator[Metric]:
    yield gauges("gateway_connections", "Gateways' open sockets.", ("dialect",), one_label(by_dialect(board.calls.lines)))
    refused = {reason.value: float(board.refusals.counts[reason]) for reason in Reason}
    yield counters("gateways_refused", "Gateways and calls that were not taken, by reason.", ("reason",), one_label(refused))
    yield gauge("gateways_known", "Gateways in this process's directory.", len(board.directory.entries))


def by_dialect(lines: Iterable[GatewayLine]) -> dict[str, float]:
    there = Counter(line.caller.dialect_name for line in lines)
    return {name: float(there[name]) for name in DIALECTS}


def of_notes(board: Switchboard) -> Iterator[Metric]:
    yield gauge("notes_waiting", "Notes of calls that wait to be written to the database.", board.note_queue.waiting)
    yield gauge("notes_aside", "Of those, notes that the database refuses though it takes others.", note_queue.notes_aside())
    yield gauge("spool_bytes", "Size of this process's spool.", board.note_queue.spool.file.size)
    yield gauge("spool_in_memory_only", "1 while notes cannot be kept on disk.", spool.notes_in_memory_only())


def of_process(*, ready: bool, stopping: bool, troubles: Sequence[Trouble]) -> Iterator[Metric]:
    yield gauge("ready", "1 while the process may take calls (/readyz).", ready)
    yield gauge("stopping", "1 once the process was told to stop.", stopping)
    about = {trouble.about for trouble in troubles}
    words = "1 while something is not well with the installation (/status has it in words)."
    yield gauges("trouble", words, ("about",), one_label({name: float(name in about) for name in sorted({*TROUBLES, *about})}))
    states = keeper.loop_states()
    yield gauges(
        "loop_up",
        "1 while a loop of the process runs, 0 while it is started again.",
        ("loop",),
        {(name,): not down for name, down, _ in states},
    )
    yield counters("loop_failures", "How often a loop had to be started again.", ("loop",), {(name,): count for name, _, count in states})
    refused, sent_away = refused_since_start()
    yield counter("requests_refused", "Requests that were one too many, and answered 503.", refused)
    yield counter("connections_sent_away", "Connections that had asked for nothing and were closed for others.", sent_away)


def of_database(backlog: Backlog) -> Iterator[Metric]:
    """Of the installation: the same from every process. Missing while the database does not answer."""
    for name, value in backlog.items():
        yield gauge(name, WORDS[name], value)


WORDS = {
    "callbacks_waiting": "Status callbacks that are to be tried still, at most 100,000.",
    "callbacks_overdue_seconds": "Since when a callback has been due that a worker could try.",
    "exports_waiting": "Exports that are not finished.",
    "exports_overdue_seconds": "Since when an export has waited that a worker could take.",
    "url_tests_waiting": "Tests of service URLs that are not finished.",
    "url_tests_overdue_seconds": "Since when a test has waited that a worker could take.",
    "trial_calls_waiting": "Test calls of gateways that are not over.",
    "trial_calls_overdue_seconds": "Since when a test call has waited that a worker could place.",
    "list_acts_waiting": "Acts on all that match a list that are not finished.",
    "list_acts_overdue_seconds": "Since when one has waited that a worker could go on with.",
    "closings_waiting": "Closings of statements that are not finished.",
    "closings_overdue_seconds": "Since when one has waited that a worker could do.",
    "calls_live_in_database": "Calls that are live by their rows, in all processes, at most 100,000.",
    "worker_silent_seconds": "Since when no worker has carried out what beat sends.",
    "spool_files": "Files in this machine's spool: one of each process, and those of killed ones.",
    "spool_folder_bytes": "Their size in all.",
}
