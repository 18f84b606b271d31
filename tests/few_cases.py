"""`--first-cases`: of a test that is tried with many cases only the first runs.

For a run that is about something else than what tells the cases apart: they ask another database the same kind of question."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--first-cases", action="store_true", help="of a test with many cases run the first alone")


def only_few(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("first_cases"):
        return
    first = {name_of(item): item for item in reversed(items)}
    kept = [item for item in items if item is first[name_of(item)]]
    config.hook.pytest_deselected(items=[item for item in items if item is not first[name_of(item)]])
    items[:] = kept


def name_of(item: pytest.Item) -> str:
    """Without its case."""
    return item.nodeid.partition("[")[0]
