"""Hosts that are blocked: who may not send streams there, and that callbacks wait and none is lost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from streams import delivery, host_blocks
from streams.delivery import outbox
from streams.delivery.outbox import Look
from streams.host_blocks import AlreadyBlocked, HostOf
from streams.models import Callback, CallbackState, HostBlock
from tests.streams.callback_rows import account, fresh, owed, stream
from tests.streams.delivering import due_streams

pytestmark = pytest.mark.django_db
URL, HOST = "https://hooks.example.com/status", "hooks.example.com"


def waits_for(url_host: str = f"{HOST}:443", of: str = "Acme", **changes: object) -> Callback:
    return owed(stream(account(of)), URL, host=url_host, **changes)


def chosen() -> list[int]:
    choice = outbox.choose(timezone.now(), 100, Look(all=True))
    for each in choice.chosen:
        each.leave()
    return sorted(each.pk for each in choice.chosen)


# Streams -------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("host", ["bot.example.com", "BOT.example.com.", "Bot.Example.Com"])
def test_a_host_is_refused_however_it_is_spelled(host) -> None:
    mine = account()
    host_blocks.block(HostOf(mine, "bot.example.com"), "It floods us.", "maria")
    refusal = host_blocks.refusal_of(host_blocks.load_blocks(), mine.pk, host)
    assert refusal == "The host bot.example.com is blocked for this account: It floods us. An operator can unblock it in the console."


@pytest.mark.parametrize("spelling", ["2001:db8::1", "[2001:DB8:0:0::1]", "2001:0db8:0000:0000:0000:0000:0000:0001"])
def test_an_ipv6_host_is_one_however_long(spelling) -> None:
    host_blocks.block(HostOf(None, "2001:db8::1"), "", "maria")
    assert "blocked for all accounts. An operator" in host_blocks.refusal_of(host_blocks.load_blocks(), 1, spelling)


def test_others_and_what_begins_alike_are_not_refused() -> None:
    mine, other = account(), account("Other")
    host_blocks.block(HostOf(mine, "bot.example.com"), "", "maria")
    blocks = host_blocks.load_blocks()
    assert host_blocks.refusal_of(blocks, other.pk, "bot.example.com") == ""
    for host in ("bot.example.com.au", "example.com", "xbot.example.com", ""):
        assert host_blocks.refusal_of(blocks, mine.pk, host) == ""


def test_a_host_is_blocked_once_and_for_all_beside() -> None:
    mine = account()
    host_blocks.block(HostOf(mine, HOST), "first", "maria")
    with pytest.raises(AlreadyBlocked):
        host_blocks.block(HostOf(mine, HOST), "second", "omar")
    host_blocks.block(HostOf(None, HOST), "", "admin")
    with pytest.raises(AlreadyBlocked):
        host_blocks.block(HostOf(None, HOST), "", "admin")
    assert [(block.account, block.why) for block in host_blocks.blocks_on(mine, HOST)] == [(mine, "first"), (None, "")]


# Callbacks -----------------------------------------------------------------------------------------------------------------
def test_callbacks_wait_and_go_on() -> None:
    waiting, elsewhere, other = waits_for(), waits_for("hooks.example.com.au:443"), waits_for(of="Other")
    host_blocks.block(HostOf(account(), HOST), "", "maria")
    assert fresh(waiting).due_at is None and chosen() == [elsewhere.pk, other.pk]
    assert host_blocks.unblock(HostBlock.objects.get()) == 1
    assert chosen() == [waiting.pk, elsewhere.pk, other.pk] and fresh(waiting).tries == 0


def test_what_comes_while_the_host_is_blocked_waits_too_and_is_looked_at_once() -> None:
    host_blocks.block(HostOf(None, HOST), "", "admin")
    new, port, free = waits_for(), waits_for(f"{HOST}:8443"), waits_for("other.example:443")
    assert chosen() == [free.pk]
    assert fresh(new).due_at is fresh(port).due_at is None and fresh(new).state == CallbackState.PENDING
    assert outbox.callback_due_since(timezone.now()) == fresh(free).due_at


def test_many_that_wait_keep_nobody_else_back() -> None:
    host_blocks.block(HostOf(account(), HOST), "", "maria")
    for _ in range(outbox.LOOK_AT_ONCE + 5):
        waits_for(due_at=timezone.now() - timedelta(hours=1))
    free = waits_for("other.example:443", of="Other")
    found: set[int] = set()
    for _ in range(2):
        choice = outbox.choose(timezone.now(), 100, Look(oldest=True))
        found |= {each.pk for each in choice.chosen}
        for each in choice.chosen:
            each.leave()
    assert found == {free.pk} and due_streams(100) == [free.stream_id]


def test_what_two_blocks_hold_waits_until_both_are_gone() -> None:
    waiting = waits_for()
    host_blocks.block(HostOf(account(), HOST), "", "maria")
    host_blocks.block(HostOf(None, HOST), "", "admin")
    host_blocks.unblock(HostBlock.objects.get(account=None))
    assert chosen() == [] and fresh(waiting).due_at is None
    host_blocks.unblock(HostBlock.objects.get())
    assert chosen() == [waiting.pk]


def test_what_is_sent_again_by_hand_waits_as_well_and_what_was_let_go_meanwhile_is_not_kept() -> None:
    host_blocks.block(HostOf(account(), HOST), "", "maria")
    again = waits_for(state=CallbackState.GIVEN_UP, due_at=None)
    delivery.resend(again)
    assert chosen() == [] and fresh(again).due_at is None
    host_blocks.unblock(HostBlock.objects.get())
    host_blocks.keep_waiting([again.pk])
    assert fresh(again).due_at is not None


def test_delivered_and_given_up_ones_are_left_alone() -> None:
    done = waits_for(state=CallbackState.DELIVERED, due_at=None), waits_for(state=CallbackState.GIVEN_UP, due_at=None)
    host_blocks.block(HostOf(None, HOST), "", "admin")
    assert host_blocks.unblock(HostBlock.objects.get()) == 0
    assert [fresh(one).due_at for one in done] == [None, None]
