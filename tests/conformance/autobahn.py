"""Runs the Autobahn test suite (`wstest`) beside us, and reads its verdicts. `make setup-autobahn` makes it.

Cases 1 to 7 and 10: framing, pings, reserved bits, opcodes, fragmentation, UTF-8, closing, and one large message. Left out are 9
(megabytes, beyond our limits) and 12 and 13 (compression, which we neither offer nor take)."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from config import child_process

ROOT = Path(__file__).parents[2]
WSTEST = ROOT / ".venv-autobahn" / "bin" / "wstest"
AGENT = "streamdesk"
CASES = {"cases": ["*"], "exclude-cases": ["9.*", "12.*", "13.*"], "exclude-agent-cases": {}}
BAD = ("FAILED", "UNCLEAN", "WRONG CODE")
LIMIT_SECONDS = 60.0

here = pytest.mark.skipif(not WSTEST.exists(), reason="No Autobahn test suite here: `make setup-autobahn` makes it, or says why not.")


class Verdicts(NamedTuple):
    """`bad`: the cases that went wrong, each with the suite's verdict on its messages and on its close."""

    counts: Counter[str]
    bad: dict[str, tuple[str, str]]

    def __str__(self) -> str:
        return f"{self.counts.total()} cases: " + ", ".join(f"{count} {verdict}" for verdict, count in self.counts.most_common())


def verdicts(folder: Path) -> Verdicts:
    cases: Mapping[str, Mapping[str, Any]] = json.loads((folder / "index.json").read_text())[AGENT]
    both = {number: (case["behavior"], case["behaviorClose"]) for number, case in cases.items()}
    bad = {number: verdict for number, verdict in both.items() if any(word in BAD for word in verdict)}
    return Verdicts(Counter(behaviour for behaviour, _ in both.values()), bad)


@asynccontextmanager
async def wstest(mode: str, folder: Path, configuration: Mapping[str, Any], *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The suite as a process of its own, killed at the end if it still runs; what it says is in `folder`."""
    file = folder / f"{mode}.json"
    file.write_text(json.dumps({**CASES, "outdir": str(folder), **configuration}))
    with (folder / "output").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(str(WSTEST), "--mode", mode, "--spec", str(file), *arguments), stdout=output, stderr=output, **child_process.options(ROOT)
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
