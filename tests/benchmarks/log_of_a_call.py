"""What an event of a debug log takes the journal to keep, and how long the log's first page takes, by how many events the call has.

    python -m tests.benchmarks.log_of_a_call COUNT ...        with the settings of a database with its tables

Says a line for each count: the count, microseconds of CPU an event, milliseconds of the page. Events are written as many at once as a
process writes them; how it is shown: `growth`."""

import os
import statistics
import sys
import time

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()

from django.contrib.auth.models import User  # noqa: E402 - needs the settings
from django.test import Client  # noqa: E402 - as above
from django.utils import timezone  # noqa: E402 - as above

from streams import journal  # noqa: E402 - as above
from streams.calls.note_queue import NOTES_AT_ONCE  # noqa: E402 - as above
from streams.pure.lifecycle import EventKind  # noqa: E402 - as above
from tests.cdr.call_script import LEASE_SECONDS, OWNER, CallScript, make_gateway  # noqa: E402 - as above

KEYS_A_SECOND = 10
EVENTS = 100
"""Of fewer so many are written, each lot of a call of its own, and the median counts."""
LOOKS = 5


def kept_us(script: CallScript, count: int) -> float:
    """CPU an event, of so many after those with which every call begins."""
    journal.record(OWNER, LEASE_SECONDS, script.facts, script.notes)
    begun = len(script.notes)
    for number in range(count):
        script.add(EventKind.CALL_DTMF, 1 + number / KEYS_A_SECOND, digit=str(number % 10))
    began = time.thread_time()
    for first in range(begun, len(script.notes), NOTES_AT_ONCE):
        journal.record(OWNER, LEASE_SECONDS, script.facts, script.notes[first : first + NOTES_AT_ONCE])
    return 1e6 * (time.thread_time() - began) / count


def page_ms(client: Client, script: CallScript, count: int) -> float:
    taken = []
    for _ in range(LOOKS + 1):
        began = time.perf_counter()
        response = client.get(f"/admin/cdr/calldetail/{script.facts.call_id}/debug-log/")
        taken.append(1000 * (time.perf_counter() - began))
        assert response.status_code == 200 and b"Digit" in response.content, (count, response.status_code)
    return statistics.median(taken[1:])


def main(counts: list[int]) -> None:
    gateway = make_gateway()
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.create_superuser("bench"))
    kept_us(CallScript(gateway, timezone.now()).answered(), EVENTS)  # what is made once has been made
    for count in counts:
        scripts = [CallScript(gateway, timezone.now()).answered() for _ in range(max(1, EVENTS // count))]
        kept = statistics.median(kept_us(script, count) for script in scripts)
        print(count, kept, page_ms(client, scripts[-1], count), flush=True)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]])
