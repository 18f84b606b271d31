"""After a call with secrets in it: they reached the customer, and are in no file of the installation, not in Redis, and in nobody's log."""

from pathlib import Path

import redis

from streams.simulate.customer import Customer
from tests.journeys.answers import Answers
from tests.journeys.installation import Installation, Web
from tests.journeys.stage import AUTH_TOKEN, PASSWORD, SIGNING_TOKEN, live, speech, streams_to

HEADER, IN_URL = "c4nary-of-a-header", "c4nary-of-a-url"
SEALED = (AUTH_TOKEN, SIGNING_TOKEN, PASSWORD, HEADER)
OPERATORS_OWN = {"accounts.json", "secret_key", "secrets_key"}
"""What was written by hand, and keys."""


async def test_secrets_reach_the_customer_and_stay_nowhere(installation: Installation, web: Web, answers: Answers) -> None:
    async with Customer() as customer:
        urls = {"statusCallbackUrl": f"{customer.status_url}?token={IN_URL}"}
        call, conversation = await live(web, customer, streams_to(answers, customer, extraHeaders=f"X-Token={HEADER}", **urls))
        await call.send_frames(speech(0.2))
        await call.hang_up()
        await conversation.until_closed()
        callback = await customer.receiver.until_event(conversation.stream_id, "StopStream")
    assert conversation.messages[0]["extra_headers"] == callback.parameters["extraHeaders"] == f"X-Token={HEADER}"
    assert callback.target.endswith(f"?token={IN_URL}")
    for name, content in written(installation.folder).items():
        assert not [canary for canary in SEALED if canary.encode() in content], name
    for name, told in {**installation.output(), "redis": all_of_redis(installation.folder / "redis.sock")}.items():
        assert not [canary for canary in (*SEALED, IN_URL) if canary in told], name


def written(folder: Path) -> dict[str, bytes]:
    """The database with its write-ahead log, exports, and whatever else lies there."""
    found = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name not in OPERATORS_OWN}
    assert any(b"SQLite format 3" in content for content in found.values())
    return found


def all_of_redis(socket: Path) -> str:
    """Every key with its value as Redis keeps it: the queue, the results of tasks, the counters of the API."""
    with redis.Redis(unix_socket_path=str(socket)) as server:
        keys = list(server.scan_iter())
        assert keys
        return str([(key, server.dump(key)) for key in keys])
