"""`make fuzz`: throws bytes at every parser of strangers' bytes, each for a time, and says what was found.

A fault is printed with its traceback, and its bytes go into the parser's corpus: from then on every run of the tests tries them.
What reached new code is kept there as well, with --keep."""

import argparse
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from tests.fuzz import corpus
from tests.fuzz.parsers import PARSERS

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "fuzz"
LIMITS = ("-max_len=8192", "-timeout=10", "-rss_limit_mb=2048", "-verbosity=0", "-print_final_stats=1")
"""An input that takes ten seconds is a fault as well."""
MOST_INPUTS, KEPT_BYTES = 80, 500
"""The corpus is read in every run of the tests."""


def fuzzed(name: str, seconds: int) -> bool:
    """Whether nothing was found."""
    working, faults = fresh_folder(f"{name}/working"), fresh_folder(f"{name}/faults")
    for data in corpus.inputs(name):
        (working / sha256(data).hexdigest()[:20]).write_bytes(data)
    done = thrower(name, f"-max_total_time={seconds}", f"-artifact_prefix={faults}/", *LIMITS, str(working))
    found = [file.read_bytes() for file in faults.iterdir()]
    if found:
        corpus.keep(name, found)
    executed = next((line.split()[-1] for line in done.stderr.splitlines() if "number_of_executed_units" in line), "an unknown number of")
    print(f"{name}: {executed} inputs in {seconds} s, {'a fault:' if found or done.returncode else 'no fault'}", flush=True)
    if found or done.returncode:
        print(done.stdout[-4000:], done.stderr[-6000:], sep="\n", flush=True)
    return not found and done.returncode == 0


def thrower(name: str, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tests.fuzz.thrower", name, *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False, env=os.environ)


def kept(name: str) -> int:
    """Takes over what reached new code, the shortest inputs first, until the corpus has MOST_INPUTS; returns how many are new."""
    found = sorted((file.read_bytes() for file in (BUILD / name / "working").iterdir()), key=len)
    room = MOST_INPUTS - len(corpus.inputs(name))
    short = [data for data in found if len(data) <= KEPT_BYTES and data not in corpus.inputs(name)]
    return corpus.keep(name, short[: max(room, 0)])


def fresh_folder(name: str) -> Path:
    folder = BUILD / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    options.add_argument("parser", nargs="*", help=f"Which; all of them unless you say: {', '.join(PARSERS)}.")
    options.add_argument("--seconds", type=int, default=60, help="For each of them (%(default)s).")
    options.add_argument("--keep", action="store_true", help="Add to the corpus what reached new code.")
    asked = options.parse_args()
    if unknown := set(asked.parser) - set(PARSERS):
        options.error(f"there is no {', '.join(sorted(unknown))}")
    fine = True
    for name in asked.parser or PARSERS:
        fine = fuzzed(name, asked.seconds) and fine
        if asked.keep:
            print(f"{name}: {kept(name)} inputs are new in the corpus", flush=True)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
