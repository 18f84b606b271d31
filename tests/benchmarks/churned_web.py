"""`manage.py serve` that writes how full its tables are to a file whenever it gets SIGUSR1.

python -m tests.benchmarks.churned_web FILE PORT"""

import asyncio
import gc
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Sized
from pathlib import Path
from typing import Any


def sizes(board: Any, server: Any) -> dict[str, float]:
    """Of what the process keeps by call, gateway, address or account."""
    from streams import consumers  # noqa: PLC0415 - needs Django

    doors, calls, queue = server.doors, board.calls, board.note_queue
    found: dict[str, Sized] = {
        "relays": calls.relays,
        "lines": calls.lines,
        "held_pages": queue._held,
        "connections": server.connections,
        "taken": doors.taken,
        "waiting": doors.room,
        "answers": consumers._answers.places.taken,
        "answers_waiting": consumers._answers.places._waiting,
        "tasks": asyncio.all_tasks(asyncio.get_running_loop()),
    }
    gc.collect()
    kinds = Counter(type(each).__name__ for each in gc.get_objects())
    alive = {
        f"alive_{name}": kinds[name] for name in ("Relay", "GatewayLine", "LimitedWebSocket", "LimitedRequest", "LimitedChannel", "Task")
    }
    # Blocks tell what Python holds from what its allocator has not given back.
    return {"notes": queue.waiting, "blocks": sys.getallocatedblocks(), **{name: len(held) for name, held in found.items()}, **alive}


def write(file: Path, server: Any) -> None:
    from streams.calls import switchboard  # noqa: PLC0415 - needs Django

    beside = file.with_suffix(".new")
    beside.write_text(json.dumps(sizes(switchboard.current(), server)))
    beside.replace(file)


def main(file: Path, port: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from daphne.server import twisted_loop  # noqa: PLC0415 - chooses its reactor
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - needs the settings' name

    from streams.serving import server as module  # noqa: PLC0415 - installs its event loop

    run = module.Server.run

    def watched(server: Any) -> None:
        twisted_loop.add_signal_handler(signal.SIGUSR1, write, file, server)
        run(server)

    module.Server.run = watched  # type: ignore[method-assign, assignment]
    execute_from_command_line(["manage.py", "serve", "--port", port])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
