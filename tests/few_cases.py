"""`--cases 2`: of a test that is tried with many cases only the first and the last run.

For a run that is about something else than what tells the cases apart: they ask another database the same kinds of question."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cases", type=int, choices=(2,), help="of a test with many cases run these few: the first and the last")


def only_few(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("cases") is None:
        return
    last = {name_of(item): item for item in items}
    first = {name_of(item): item for item in reversed(items)}
    kept = [item for item in items if item in (first[name_of(item)], last[name_of(item)])]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


def name_of(item: pytest.Item) -> str:
    """Without its case."""
    return item.nodeid.partition("[")[0]
