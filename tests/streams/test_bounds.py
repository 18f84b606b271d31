"""Every queue, buffer and table of a web process that somebody outside could fill: each has a bound, and a test that fills it and counts.

Those that no other test fills are filled here."""

import ast
import asyncio
from contextvars import copy_context
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from streams.gateways import line as gateway_line
from streams.gateways.socket_loop import MOST_UNSENT_BYTES, SocketLoop
from streams.pure.call.playback import CHECKPOINTS, Playback, PlaybackFull
from streams.pure.door_plan import door_plan
from streams.pure.messages import AudioFormat, Encoding, Unreadable
from streams.serving import doors, turned_away
from streams.serving.doors import CALLS, Doors, Entrances, Visit
from streams.serving.turned_away import TurnedAway
from tests.streams.gateways.test_line import HeardCall, line_of

HERE = "test_bounds::"
FILLED_BY = {
    "connections that ask for nothing": "serving/test_doors::test_ever_more_connections_that_ask_nothing_close_the_oldest_and_nothing_else",
    "connections, all": "serving/test_doors::test_when_every_place_is_taken_the_rest_is_told_to_come_again_and_probes_are_answered",
    "upgrades that wait to be judged": "serving/test_doors::test_upgrades_that_are_judged_for_long_are_few_at_once_and_leave_others_theirs",
    "turns, by their rule": "pure/test_turns::test_no_bound_is_ever_broken_and_nobody_is_forgotten",
    "bodies of requests": "serving/test_doors::test_large_bodies_fill_no_memory_and_leave_room_for_forms",
    "one body": "serving/test_limits::test_a_chunked_body_is_refused_at_the_limit",
    "addresses that came in": HERE + "test_addresses_that_came_in",
    "addresses that were turned away": HERE + "test_addresses_that_were_turned_away",
    "received on a WebSocket and not taken": "serving/test_limits::test_a_websocket_that_is_not_taken_from_is_not_read_beyond_its_bound",
    "audio that came while the process had no core": "serving/test_limited_websocket::"
    "test_what_came_while_the_process_had_no_core_is_read_as_it_is_taken",
    "empty messages on a WebSocket": "serving/test_limited_websocket::test_messages_without_content_that_nobody_takes_come_to_an_end",
    "owed to a WebSocket's peer by our server": "serving/test_limits::test_a_peer_that_does_not_read_is_cut_off",
    "owed to a gateway under another server": HERE + "test_words_to_a_gateway_whose_server_waits",
    "what comes before a line knows its call": HERE + "test_what_is_unreadable_before_a_call_begins",
    "audio before Asterisk's MEDIA_START": "pure/gateway/test_asterisk::test_beyond_the_limit_the_oldest_goes_and_it_is_said_once",
    "early words of other dialects": "pure/gateway/test_early_words::test_many_small_ones_are_bounded_as_well",
    "audio before a call has a stream": "pure/call/test_fork::test_past_the_limit_the_oldest_goes_and_is_counted",
    "audio that waits for a customer": "pure/call/test_session::test_memory_is_bounded_even_if_nobody_measures",
    "what a customer is told beside audio": "pure/call/test_talkback::test_answers_to_a_customer_that_does_not_read_are_bounded",
    "digits that wait for a customer": "pure/call/test_note_budget::test_digits_wait_for_a_customer_that_does_not_read_up_to_a_bound",
    "playAudio": "pure/call/test_playback::test_two_voices_that_alternate_byte_by_byte_behind_a_minute_stay_in_order_and_bounded",
    "checkpoints that wait": HERE + "test_checkpoints_of_a_customer",
    "audio whose turns nobody looked for yet": "pure/call/test_conversations::test_what_waits_to_be_looked_at_is_bounded",
    "audio that runs ahead of the clock": "pure/conversation/test_caller::test_a_minute_that_comes_at_once_fills_nothing",
    "clears of a conversation": "pure/conversation/test_dialogue::test_a_service_that_clears_without_end_is_bounded",
    "turns of a long conversation": "pure/conversation/test_turn_taking::test_four_hours_are_bounded",
    "files at a gateway that plays files": "pure/call/test_file_playback::test_ten_files_at_most_wait_at_the_gateway",
    "one message of a customer": "customers/test_message_reader::",
    "notes of one kind in a call": "pure/call/test_note_budget::",
    "notes that are not written": "calls/test_note_queue::test_past_the_limit_only_debug_notes_are_dropped_and_counted",
    "refused attempts that are not written": "pure/gateway/test_refusal::test_a_flood_of_names_is_bounded_and_the_rest_is_counted",
    "guesses at passwords": "pure/gateway/test_guesses::test_what_is_kept_has_a_bound_and_made_up_names_push_out_no_other",
    "timing's points": "pure/call/test_measure::",
    "what a tested service sends": "customers/test_url_testing::test_a_flood_of_messages_is_counted_and_bounded",
    "an answer's document": "calls/test_answer_fetch::test_a_document_of_exactly_the_limit_is_taken_and_one_byte_more_is_not",
    "nudges at the broker": "delivery/test_broker::",
    "pools that accounts share": "test_shares::test_when_a_pool_is_full_whoever_has_least_is_next",
    "open debug logs of a person": "../cdr/test_live::",
}
"""What could be filled -> the file, and in most cases the test, that does."""


def test_each_bound_has_its_test() -> None:
    folder, missing = Path(__file__).parent, []
    for what, place in FILLED_BY.items():
        file, _, name = place.partition("::")
        tree = ast.parse((folder / f"{file}.py").read_text())
        names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        if name and name not in names:
            missing.append(what)
    assert missing == []


def test_addresses_that_came_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "MOST_KNOWN", 100)
    door = Doors(door_plan(256), Entrances(), lambda *_: None)
    for number in range(300):
        door.came_in(Visit(CALLS, f"192.0.2.{number}", lambda: None, lambda: None, 0.0))
    assert len(door._known) == 100 and "192.0.2.299" in door._known


def test_addresses_that_were_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turned_away, "MOST_ADDRESSES", 100)
    away = TurnedAway(lambda *_: None)
    for number in range(300):
        away.refuse(f"192.0.2.{number}")
    assert (len(away._lately), away.refused) == (100, 300)


async def test_words_to_a_gateway_whose_server_waits() -> None:
    """uvicorn's `send` waits for a peer that does not read."""
    never, heard = asyncio.Event(), asyncio.Event()

    async def send(message: dict[str, Any]) -> None:
        await never.wait()

    async def receive() -> dict[str, Any]:
        await heard.wait()
        return {"type": "websocket.receive", "text": "still here"}

    loop = SocketLoop(send, "pbx", copy_context())
    running = asyncio.create_task(loop.run(receive, lambda said: None))
    await asyncio.sleep(0)
    for _ in range(2 * MOST_UNSENT_BYTES // 65_536):
        loop.tell(bytes(65_536))
    assert loop._outbox.qsize() * 65_536 <= MOST_UNSENT_BYTES + 65_536
    heard.set()
    assert "it did not read" in (await asyncio.wait_for(running, 30)).problem


async def test_what_is_unreadable_before_a_call_begins() -> None:
    call = HeardCall()
    line = line_of(call, "twilio")
    for _ in range(1000):
        line.feed("no JSON")
    assert len(line._early) == gateway_line.EARLY_MESSAGES and all(isinstance(early, Unreadable) for early in line._early)
    line.closed(1000)


def test_checkpoints_of_a_customer() -> None:
    playback, stream = Playback(AudioFormat(Encoding.MULAW, 8000), marks=True), uuid4()
    with pytest.raises(PlaybackFull, match=f"{CHECKPOINTS} checkpoints"):
        for number in range(10_000):
            playback.checkpoint(stream, str(number))
    assert len(playback._given) + len(playback._queue) + len(playback._sent) < 2 * CHECKPOINTS + 3000
