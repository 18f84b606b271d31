"""`manage.py simulate_customer`: a customer's service to stream to, good or bad. Owns the options and the printed lines only."""

import asyncio
import os
import signal
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from streams.simulate.callback_receiver import CallbackReceiver
from streams.simulate.customer import Behaviour, Customer, Talks


class Command(BaseCommand):
    help = "Serves ws://HOST:PORT/stream for streams and http://HOST:PORT/status for status callbacks, and prints what happens."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("--host", default="127.0.0.1", help="Default %(default)s.")
        add("--port", type=int, default=8765, help="Default %(default)s; 0 takes any free port.")
        add("--refuse", type=int, default=0, metavar="N", help="Refuse the first N upgrades.")
        add("--refuse-status", type=int, default=503, metavar="STATUS", help="With which HTTP status (default %(default)s).")
        add("--redirect-to", default="", metavar="URL", help="Location of a refusal with a 3xx status.")
        add("--hang", action="store_true", help="Never answer an upgrade.")
        add("--accept-after", type=float, default=0, metavar="SECONDS", help="Answer upgrades late.")
        add("--stop-reading-after", type=int, metavar="N", help="Read nothing after N media messages.")
        add("--read-again-after", type=float, metavar="SECONDS", help="Read again after this many seconds (default: never).")
        add("--close-after", type=int, metavar="N", help="Close after N media messages.")
        add("--close-code", type=int, default=1000, metavar="CODE", help="With this code (default %(default)s).")
        add("--close-reason", default="", metavar="WORDS", help="And this reason.")
        add("--reset", action="store_true", help="Reset the connection instead of closing it.")
        add("--echo", action="store_true", help="Play to the call what it says (needs bidirectional streams).")
        add("--talk", action="store_true", help="Greet the call, and answer when it stops speaking (needs bidirectional streams).")
        add("--garbage", action="append", default=[], metavar="TEXT", help="Send TEXT after the first message; may be repeated.")
        add("--subprotocol", default="", help="Take this WebSocket subprotocol when it is offered.")
        add("--callback-failures", type=int, default=0, metavar="N", help="Answer the first N status callbacks with an error.")
        add("--callback-status", type=int, default=500, metavar="STATUS", help="With which HTTP status (default %(default)s).")
        add("--callback-hangs", type=int, default=0, metavar="N", help="Leave N status callbacks without an answer.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            asyncio.run(self.serve(options))
        except OSError as error:
            place = f"Port {options['port']} on {options['host']}"
            raise CommandError(f"{place} cannot be used ({os.strerror(error.errno or 0)}). Try another --port.") from error

    async def serve(self, options: dict[str, Any]) -> None:
        """Until SIGINT or SIGTERM."""
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        receiver = CallbackReceiver(
            fail=options["callback_failures"], fail_status=options["callback_status"], hang=options["callback_hangs"], tell=self.tell
        )
        address = {"host": options["host"], "port": options["port"]}
        async with Customer(behaviour(options), receiver, **address, keep_media=False, tell=self.tell) as customer:
            self.tell(f"streams: {customer.url}")
            self.tell(f"status callbacks: {customer.status_url}")
            await stop.wait()

    def tell(self, line: str) -> None:
        self.stdout.write(f"{datetime.now(UTC):%H:%M:%S.%f} {line}")
        self.stdout.flush()


def talker() -> Talks:
    """Imported for the first stream: what it hears with takes a while."""
    from streams.simulate.talking import Talker  # noqa: PLC0415 - as above

    return Talker()


def behaviour(options: dict[str, Any]) -> Behaviour:
    return Behaviour(
        refuse=options["refuse"],
        refuse_status=options["refuse_status"],
        redirect_to=options["redirect_to"],
        hang=options["hang"],
        accept_after_seconds=options["accept_after"],
        stop_reading_after=options["stop_reading_after"],
        read_again_after_seconds=options["read_again_after"],
        close_after=options["close_after"],
        close_code=options["close_code"],
        close_reason=options["close_reason"],
        reset=options["reset"],
        garbage=tuple(options["garbage"]),
        subprotocol=options["subprotocol"],
        echo=options["echo"],
        talker=talker if options["talk"] else None,
    )
