"""What a customer's service sends that is too large, from a real server."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection

from streams.customers.message_reader import KEPT_BYTES, end_of_a_character
from streams.pure.customer.connection import Closure
from streams.pure.customer.protocol import MESSAGE_BYTES, Unknown, decode
from streams.pure.messages import AudioFormat, Encoding
from tests.streams.customer_services import dialled, service

BEGINNING, END = '{"event":"playAudio","media":{"payload":"', '"}}'


def fragments(text: str, length: int) -> Iterator[str]:
    return (text[start : start + length] for start in range(0, len(text), length))


@pytest.mark.parametrize("letter", ["A", "ß", "音", "🎵"])
@pytest.mark.parametrize("fragment", [None, 3_000_000, 9_000_000])
async def test_of_a_huge_message_the_beginning_is_handed_on_and_it_ends_nothing(letter: str, fragment: int | None) -> None:
    """Whole and in fragments, whatever is cut: each frame's rest is read past, and the next message is read from its first byte."""
    text = BEGINNING + letter * (20_000_000 // len(letter.encode())) + END

    async def talk(connection: ServerConnection) -> None:
        await connection.send(text if fragment is None else fragments(text, fragment))
        await connection.send("more")
        await connection.close(1000, "said all")

    heard: list[str | bytes] = []
    async with service(talk) as url:
        customer = await dialled(url)
        closure = await asyncio.wait_for(customer.listen(heard.append), 60)
    huge, more = heard
    assert (more, closure) == ("more", Closure(True, 1000, "said all"))
    assert text.startswith(str(huge)[:1000]) and MESSAGE_BYTES < len(str(huge).encode()) <= 3 * KEPT_BYTES
    answer = decode(huge, AudioFormat(Encoding.MULAW, 8000))
    assert isinstance(answer, Unknown) and "too large" in answer.problem and answer.event == "playAudio"


async def test_a_huge_frame_that_breaks_off_is_a_lost_connection() -> None:
    async def talk(connection: ServerConnection) -> None:
        connection.transport.write(b"\x81\x7f" + (50_000_000).to_bytes(8, "big") + b"x" * 6_000_000)
        await asyncio.sleep(0)
        connection.transport.close()

    async with service(talk) as url:
        customer = await dialled(url)
        closure = await asyncio.wait_for(customer.listen(lambda text: None), 30)
    assert (closure.by_customer, closure.code) == (False, 1006)


@given(st.text(min_size=2), st.integers(0, 5))
def test_what_is_left_of_a_text_that_was_cut_is_its_beginning(text: str, cut: int) -> None:
    whole = bytearray(text.encode())
    kept = whole[: max(len(whole) - cut, 1)]
    assert text.startswith(kept[: end_of_a_character(kept)].decode())
