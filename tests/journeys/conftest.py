"""The journeys' installation, started with the first of them and stopped after the last; what its processes said is shown with every test
that fails."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import distribution
from tests.cdr.alerts.mail_receiver import Receiver, receiving
from tests.free_port import free_port
from tests.journeys.answers import Answers, AnswerServer
from tests.journeys.certificates import Authority
from tests.journeys.console import Console
from tests.journeys.installation import Installation, Web
from tests.journeys.long_run import LongRun, forty_seconds
from tests.journeys.stage import accounts

INSTALLATION = pytest.StashKey[Installation]()
BEGUN_WITH = pytest.StashKey[str]()
"""Which piece of the tests the first journey of this process is of."""


@pytest.fixture(scope="package")
def answers() -> Iterator[Answers]:
    answers = Answers()
    server = AnswerServer(answers)
    yield answers
    server.stop()


@pytest.fixture(scope="package")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The only certificate authority that the installation trusts."""
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="package")
def mail_port() -> int:
    return free_port()


@pytest.fixture
def mails(mail_port: int) -> Iterator[Receiver]:
    """The installation's mail server, for as long as a test wants it."""
    with receiving(receiver := Receiver(), mail_port):
        yield receiver


@pytest.fixture(scope="package")
def installation(
    tmp_path_factory: pytest.TempPathFactory, answers: Answers, authority: Authority, request: pytest.FixtureRequest, mail_port: int
) -> Iterator[Installation]:
    by_mail = {"EMAIL_URL": f"smtp://127.0.0.1:{mail_port}"}
    installation = Installation(tmp_path_factory.mktemp("journeys"), trusted=authority.file, **by_mail)
    request.config.stash[INSTALLATION] = installation
    try:
        installation.start(accounts(answers.url))
        yield installation
    finally:
        installation.stop()


@pytest.fixture(scope="package")
def web(installation: Installation) -> Web:
    """The web process most calls go to."""
    return installation.web()


@pytest.fixture(scope="package")
def small_buffers(installation: Installation) -> Web:
    """A second web process of the same installation, with buffers of 3 s instead of 40 s."""
    return installation.web("web with small buffers", BUFFER_MS="3000", CONNECT_RETRY_SECONDS="0.1")


@pytest.fixture(scope="package")
def console(web: Web) -> Console:
    return web.console()


@pytest.fixture(scope="package")
def long_run(web: Web, answers: Answers) -> Iterator[Future[LongRun]]:
    """The journey with the real buffer, in a thread and an event loop of its own beside the others."""
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(lambda: asyncio.run(forty_seconds(web, answers)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.config.stash.setdefault(BEGUN_WITH, distribution.piece(item.nodeid))


@pytest.fixture(scope="package", autouse=True)
def long_run_begins_early(request: pytest.FixtureRequest) -> None:
    """Where this process begins with the journeys that wait for it."""
    mine = request.config.stash[BEGUN_WITH]
    if any(waits_for_long_run(item) and distribution.piece(item.nodeid) == mine for item in request.session.items):
        request.getfixturevalue("long_run")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The journey with the real buffer is asked for last, when its time has passed."""
    items.sort(key=waits_for_long_run)


def waits_for_long_run(item: pytest.Item) -> bool:
    return "long_run" in getattr(item, "fixturenames", ())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report: pytest.TestReport = yield  # type: ignore[assignment]
    installation = item.config.stash.get(INSTALLATION, None)
    if report.failed and installation is not None and Path(item.path).parent == Path(__file__).parent:
        for name, output in installation.output().items():
            report.sections.append((f"{name} said", "\n".join(output.splitlines()[-60:])))
    return report  # type: ignore[return-value]
