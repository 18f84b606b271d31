"""`manage.py simulate_gateway`: brings calls to the platform as a real gateway would. Owns the options and the printed lines only."""

import asyncio
import math
import os
import uuid
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from streams.simulate.asterisk import UnusableUrl
from streams.simulate.call_plan import CallPlan, CallRefused, CallReport, End
from streams.simulate.gateway import CALLS, place_call
from streams.simulate.wav import CODECS, FRAME_BYTES, SPEECH, UnusableWav, frames, lasting, load_wav, with_pauses


def count(word: str) -> int:
    if not word.isdecimal() or int(word) < 1:
        raise ArgumentTypeError(f"{word!r} is not a whole number from 1 on")
    return int(word)


def whole_from_zero(word: str) -> int:
    return 0 if word == "0" else count(word)


def above_zero(word: str) -> float:
    if not 0 < (value := number(word)) < 1e6:
        raise ArgumentTypeError(f"{word!r} is not a number above 0")
    return value


def from_zero(word: str) -> float:
    if not 0 <= (value := number(word)) < 1e6:
        raise ArgumentTypeError(f"{word!r} is not a number from 0 on")
    return value


def number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan


def digits(word: str) -> str:
    if set(word.upper()) - set("0123456789*#ABCD"):
        raise ArgumentTypeError(f"{word!r} has something else than the digits 0-9 * # A-D in it")
    return word.upper()


def call_uuid(word: str) -> str:
    try:
        return str(uuid.UUID(word))
    except ValueError as error:
        raise ArgumentTypeError(f"{word!r} is not a UUID") from error


class Command(BaseCommand):
    help = "Places calls from a WAV file through the gateway endpoint, as Asterisk, FreeSWITCH, jambonz or Twilio would."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("--url", default="ws://127.0.0.1:8000", help="The platform's address (default %(default)s).")
        add("--gateway", required=True, help="The gateway's name.")
        add("--password", default=os.environ.get("GATEWAY_PASSWORD", ""), help="The gateway's password (or in GATEWAY_PASSWORD).")
        add("--dialect", default="asterisk", choices=list(CALLS), help="What kind of gateway it is (default %(default)s).")
        add("--codec", choices=sorted(FRAME_BYTES), help="What the gateway sends (default: ulaw, and slin from a FreeSWITCH).")
        add("--control", default="plain", choices=["plain", "json"], help="Asterisk's format of control messages (default %(default)s).")
        add("--both-tracks", action="store_true", help="Not Asterisk: send the called party's audio as well.")
        add("--fork", default="", help="audio_fork: the name of this fork, where a call has several.")
        add("--stream-back", action="store_true", help="audio_fork: with bidirectional streaming.")
        add("--drops", type=count, default=0, help="audio_stream: cut the connection so many times; an old build comes back by itself.")
        add("--no-metadata", action="store_true", help="audio_stream, audio_fork: the URL has to say it all.")
        add("--early-frames", type=whole_from_zero, help="So many frames come before the first text (default: 3 of audio_stream, 0 else).")
        add("--signing-token", default="", help="twilio: sign the upgrade with it, instead of sending the password.")
        add("--calls", type=count, default=1, help="How many calls (default 1).")
        add("--at-once", type=count, default=10, help="How many of them at the same time (default 10).")
        add("--seconds", type=above_zero, help="Length of a call; the file is repeated or cut (default: the file's length).")
        add("--wav", type=Path, default=SPEECH, help="Mono, 16 bits, 8000 or 16000 Hz (default: some speech).")
        add("--pauses", type=above_zero, help="So many seconds of silence more wherever the speech pauses, for somebody to answer.")
        add("--pace", type=from_zero, default=1.0, help="1 is real time, 2 twice as fast, 0 as fast as possible (default 1).")
        add("--dtmf", type=digits, default="", help="Digits that are pressed during the call.")
        add("--end", default="hangup", choices=["hangup", "vanish"], help="Hang up, or reset the connection (default %(default)s).")
        add("--call-uuid", type=call_uuid, help="The call's UUID (default: a fresh one for each call).")
        add("--from", dest="from_number", default="18005550199", help="The caller's number.")
        add("--to", dest="to_number", default="18005550100", help="The called number.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["call_uuid"] and options["calls"] > 1:
            raise CommandError("One --call-uuid is for one call. Leave it out to place several.")
        try:
            refused = asyncio.run(self.place(plans(options), options["at_once"]))
        except (UnusableUrl, UnusableWav) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped; calls that were up have been cut off.") from None
        if refused:
            raise CommandError(refused[0] if options["calls"] == 1 else f"{len(refused)} of {options['calls']} calls failed. {refused[0]}")

    async def place(self, calls: list[CallPlan], at_once: int) -> list[str]:
        """Places the calls, at most `at_once` at a time; returns the sentences of those that failed."""
        places = asyncio.Semaphore(at_once)

        async def place(plan: CallPlan) -> str:
            async with places:
                return await self.place_one(plan)

        return [words for words in await asyncio.gather(*map(place, calls)) if words]

    async def place_one(self, plan: CallPlan) -> str:
        try:
            report: CallReport = await place_call(plan)
        except CallRefused as error:
            self.stdout.write(f"{plan.call_uuid} not taken")
            return str(error)
        self.stdout.write(str(report))
        return f"The platform's socket went without a close during call {report.call_uuid}." if report.end is End.LOST else ""


def codec_of(options: dict[str, Any]) -> str:
    """Raises CommandError for a codec that the dialect cannot send, and for two tracks of a gateway that sends one."""
    dialect, codec = options["dialect"], options["codec"] or CODECS[options["dialect"]][0]
    if codec not in CODECS[dialect]:
        raise CommandError(f"{dialect} sends {', '.join(CODECS[dialect])}, and no {codec}.")
    if dialect == "asterisk" and options["both_tracks"]:
        raise CommandError("An Asterisk sends one track. Leave out --both-tracks, or choose another --dialect.")
    if dialect != "audio_stream" and options["drops"]:
        raise CommandError(f"A gateway of {dialect} does not come back. Leave out --drops, or choose --dialect audio_stream.")
    return str(codec)


def early_frames(options: dict[str, Any]) -> int:
    """Today's mod_audio_stream first sends what it queued while it connected; one that comes back by itself is of the old builds."""
    given: int | None = options["early_frames"]
    if given is not None:
        return given
    return 3 if options["dialect"] == "audio_stream" and not options["drops"] else 0


def plans(options: dict[str, Any]) -> list[CallPlan]:
    """Raises UnusableWav for a file no call can be made of."""
    codec = codec_of(options)
    samples, form = load_wav(options["wav"])
    audio = frames(with_pauses(samples, form, options["pauses"]) if options["pauses"] else samples, form, codec)
    if options["seconds"] is not None:
        audio = lasting(audio, options["seconds"])
    # The called party says the same, from the middle on.
    outbound = [*audio[len(audio) // 2 :], *audio[: len(audio) // 2]] if options["both_tracks"] else []
    return [
        CallPlan(
            platform=options["url"],
            gateway=options["gateway"],
            password=options["password"],
            frames=audio,
            codec=codec,
            dialect=options["dialect"],
            outbound=outbound,
            fork=options["fork"],
            streams_back=options["stream_back"],
            drops=options["drops"],
            early_frames=early_frames(options),
            metadata=not options["no_metadata"],
            signing_token=options["signing_token"],
            as_json=options["control"] == "json",
            call_uuid=options["call_uuid"] or str(uuid.uuid4()),
            from_number=options["from_number"],
            to_number=options["to_number"],
            pace=options["pace"],
            dtmf=options["dtmf"],
            vanish=options["end"] == "vanish",
        )
        for _ in range(options["calls"])
    ]
