"""How cost grows: with streams on one core, beside the relays that a user would write by hand; with calls that begin at once; with the
events of a call. Each is drawn (docs/images/growth-*.svg).

    python -m tests.benchmarks.growth [--seconds 2] [--only streamdesk,picows] [--of streams,calls,events] [--at-least 256]
                                      [--folder docs/images]        make bench PART=growth

Streams double, to 256 at least and then until p99 of what a frame is later is over 20 ms, a frame is lost, or the load does not get 47
frames a second and stream out; then the largest number that goes well is looked for between. How they are measured: `relay`."""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.benchmarks import calls_at_once
from tests.benchmarks.contenders import CONTENDERS, ROOT, Contender, has_node, manage
from tests.benchmarks.plots import Plot, Points, draw
from tests.benchmarks.relay import NODE, OURS, Round, be_the_load, measure

LATE_MS = 20.0
LEAST_PACE = 47.0
"""Of 50: below it who is measured had less to do than was asked for."""
LEAST_STREAMS, MOST_STREAMS = 256, 2048
LOOKS_BETWEEN = 2
CALLS = (1, 2, 4, 8, 16, 32, 64)
EVENTS = (1, 10, 100, 1_000, 10_000)
CONTENDING = (OURS, NODE, "picows")

Rounds = dict[int, Round]
"""By how many streams there were."""


def goes_well(round: Round) -> bool:
    return round.lost == 0 and round.p99_ms <= LATE_MS and round.pace >= LEAST_PACE


def grow(measured: Callable[[int], Round], at_least: int = LEAST_STREAMS) -> Rounds:
    """Twice as many each time, as long as it goes well; then half-way between the most that went well and the next that did not."""
    rounds, streams = Rounds(), 1
    while streams <= MOST_STREAMS:
        rounds[streams] = measured(streams)
        if streams >= at_least and not goes_well(rounds[streams]):
            break
        streams *= 2
    for _ in range(LOOKS_BETWEEN):
        well = most_streams(rounds)
        more = min((streams for streams in rounds if streams > well), default=well)
        if (between := (well + more) // 2) > well:
            rounds[between] = measured(between)
    return dict(sorted(rounds.items()))


def most_streams(rounds: Rounds) -> int:
    return max((streams for streams, round in rounds.items() if goes_well(round)), default=0)


def once_more(contender: Contender, seconds: float) -> Callable[[int], Round]:
    return lambda streams: asyncio.run(measure(contender, streams, seconds))


def table(found: dict[str, Rounds]) -> Iterator[str]:
    yield f"{'':<12}{'streams':>8}{'CPU a frame, us':>18}{'of a core, %':>15}{'p50, ms':>10}{'p99, ms':>10}{'lost':>7}{'pace':>7}"
    for name, rounds in found.items():
        for streams, each in rounds.items():
            took = f"{each.cpu_us:>18.1f}{100 * each.core_share:>15.1f}"
            yield f"{name:<12}{streams:>8}{took}{each.p50_ms:>10.2f}{each.p99_ms:>10.2f}{each.lost:>7}{each.pace:>7.1f}"
    most = ", ".join(f"{name} {most_streams(rounds)}" for name, rounds in found.items())
    yield f"The most streams on one core with p99 under {LATE_MS:g} ms and nothing lost: {most}"


def of_streams(names: list[str], seconds: float, at_least: int) -> Iterator[tuple[str, Plot]]:
    found = {name: grow(once_more(CONTENDERS[name], seconds), at_least) for name in names}
    print(*table(found), sep="\n", flush=True)

    def lines(figure: Callable[[Round], float]) -> dict[str, Points]:
        shown = {"Streamdesk" if name == OURS else name: rounds for name, rounds in found.items()}
        return {name: [(streams, figure(each)) for streams, each in rounds.items()] for name, rounds in shown.items()}

    at_once = "streams at once, on one core"
    yield "cpu", Plot("A frame of audio", at_once, "CPU, µs a frame", lines(lambda each: each.cpu_us))
    yield "p50", Plot("How much later half of the frames arrive", at_once, "added latency, p50, ms", lines(lambda each: each.p50_ms))
    yield "p99", Plot("How much later the latest hundredth arrives", at_once, "added latency, p99, ms", lines(lambda each: each.p99_ms))


def of_calls() -> Iterator[tuple[str, Plot]]:
    found = asyncio.run(calls_at_once.measure(CALLS))
    print(*(f"{count:>6,.0f} calls at once: {ms:6.1f} ms of CPU a call" for count, ms in found), sep="\n", flush=True)
    name = "A call, from its upgrade until its rows say that it has ended"
    yield "calls", Plot(name, "calls that begin at once", "CPU of the web process, ms a call", {"Streamdesk": found})


def of_events() -> Iterator[tuple[str, Plot]]:
    with tempfile.TemporaryDirectory() as folder:
        manage(ROOT, {"DATA_DIR": folder}, "migrate", "-v0")
        command = [sys.executable, "-m", "tests.benchmarks.log_of_a_call", *map(str, EVENTS)]
        environment = {**os.environ, "DATA_DIR": folder}
        said = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = [tuple(map(float, line.split())) for line in said.splitlines()]
    print(*(f"{count:>6,.0f} events: {us:7.0f} us of CPU each, first page {ms:6.0f} ms" for count, us, ms in rows), sep="\n", flush=True)
    kept, shown = [(count, us) for count, us, _ in rows], [(count, ms) for count, _, ms in rows]
    yield "events", Plot("An event of a debug log, kept", "events of a call, at once", "CPU, µs an event", {"Streamdesk": kept})
    yield "log-page", Plot("A debug log's first page", "events of a call", "until it is there, ms", {"Streamdesk": shown})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--at-least", type=int, default=LEAST_STREAMS, metavar="STREAMS")
    parser.add_argument("--only", default=",".join(CONTENDING))
    parser.add_argument("--of", default="streams,calls,events")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "images")
    options = parser.parse_args()
    be_the_load(MOST_STREAMS)
    names = [name for name in options.only.split(",") if name != NODE or has_node()]
    plots = {"streams": lambda: of_streams(names, options.seconds, options.at_least), "calls": of_calls, "events": of_events}
    print(f"load average {os.getloadavg()[0]:.1f}")
    for what in options.of.split(","):
        for name, plot in plots[what]():
            draw(plot, options.folder / f"growth-{name}.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
