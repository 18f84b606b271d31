"""Looking up names: beside a real name server that knows, denies, and never answers."""

import asyncio
import time

import pycares
import pytest

from streams import name_lookup
from streams.guard import Unresolvable
from streams.name_lookup import LOOK_UPS, system
from streams.process_wide import ProcessWide
from streams.shares import Shares
from tests.streams.name_server import looking_up, name_server

IN_TIME_SECONDS = 10
NAMES = {"bot.example": ["127.0.0.1", "::1"], "voice_bot": ["127.0.0.9"]}


async def test_a_name_leads_to_each_of_its_addresses_once() -> None:
    with name_server(NAMES) as server, looking_up(server) as lookup:
        assert sorted(await lookup.addresses("bot.example", 80, 1)) == ["127.0.0.1", "::1"]
        assert await lookup.addresses("voice_bot", 80, 1) == ("127.0.0.9",)
        assert sorted(lookup.within(IN_TIME_SECONDS)("bot.example", 80)) == ["127.0.0.1", "::1"]
    assert lookup.places.taken == {}


@pytest.mark.parametrize("host", ["nowhere.example", "a" * 64 + ".example"])
async def test_a_name_without_an_address_says_so(host: str) -> None:
    with name_server(NAMES) as server, looking_up(server) as lookup:
        with pytest.raises(Unresolvable, match=rf"^The name {host} has no address \(.+\)\. Check the host in the URL\.$"):
            await lookup.addresses(host, 80, 1)
        with pytest.raises(Unresolvable, match="has no address"):
            lookup.within(IN_TIME_SECONDS)(host, 80)
    assert lookup.places.taken == {}


async def test_an_answer_is_kept_as_long_as_it_says() -> None:
    with name_server(NAMES, ttl_seconds=60) as server, looking_up(server) as lookup:
        first = await lookup.addresses("voice_bot", 80, 1)
        asked = server.asked["voice_bot"]
        assert [await lookup.addresses("voice_bot", 80, whose) for whose in range(20)] == [first] * 20
        assert server.asked["voice_bot"] == asked


async def test_a_name_that_never_resolves_holds_up_nobody_else() -> None:
    """Hundreds of them do not: there is no thread to take."""
    crowded = Shares("look-ups of this test", places=2000, each=300)
    with name_server(NAMES) as server, looking_up(server, crowded) as lookup:
        hanging = [asyncio.ensure_future(lookup.addresses(f"n{number}.swallowed", 80, "flooder")) for number in range(300)]
        async with asyncio.timeout(IN_TIME_SECONDS):
            assert await lookup.addresses("voice_bot", 80, "other") == ("127.0.0.9",)
        assert lookup.places.taken == {"flooder": 300}
        for each in hanging:
            each.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)


async def test_whoever_gives_up_keeps_its_place_until_the_servers_have_answered() -> None:
    few = Shares("look-ups of this test", places=4, each=2)
    with name_server(NAMES) as server, looking_up(server, few) as lookup:
        for number in range(2):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await lookup.addresses(f"n{number}.swallowed", 80, "flooder")
        assert lookup.places.taken == {"flooder": 2}
        third = asyncio.ensure_future(lookup.addresses("voice_bot", 80, "flooder"))
        async with asyncio.timeout(IN_TIME_SECONDS):
            assert await lookup.addresses("bot.example", 80, "other")
        assert not third.done() and "voice_bot" not in server.asked
        third.cancel()
        await asyncio.gather(third, return_exceptions=True)


def test_a_look_up_in_a_thread_is_given_up_in_time() -> None:
    began = time.monotonic()
    with name_server({}) as server, looking_up(server) as lookup:
        with pytest.raises(Unresolvable, match=r"did not say within 0\.2 s which address slow\.swallowed has"):
            lookup.within(0.2)("slow.swallowed", 80)
    assert time.monotonic() - began < IN_TIME_SECONDS


def test_a_machine_that_has_no_resolver_left_fails_the_look_up_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: object) -> None:
        raise pycares.AresError("Failed to initialize c-ares channel")

    monkeypatch.setattr(pycares, "Channel", fail)
    monkeypatch.setattr(name_lookup, "system", ProcessWide(name_lookup.system.make))
    with pytest.raises(Unresolvable, match="^No name can be looked up at the moment"):
        name_lookup.system()
    assert "fs.inotify.max_user_instances" in caplog.text


async def test_the_systems_own_names_are_known() -> None:
    assert "127.0.0.1" in await system().addresses("localhost", 80, None)
    assert "127.0.0.1" in system().within(IN_TIME_SECONDS)("localhost", 80)
    assert system().places.shares is LOOK_UPS
