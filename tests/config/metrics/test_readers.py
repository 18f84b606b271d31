"""Who may read the figures, by address and by token."""

import ipaddress

import pytest

from config.metrics import readers

TOKEN = "t" * 30
ALLOWED = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))


@pytest.fixture(autouse=True)
def named(settings) -> None:
    settings.METRICS_ALLOW, settings.METRICS_TOKEN = ALLOWED, TOKEN


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "fd00::7"])
def test_an_address_that_is_named_may(address: str) -> None:
    assert readers.may_see_figures(address, "", passed_on=False)
    assert not readers.may_see_figures(address, "", passed_on=True)


@pytest.mark.parametrize("address", ["", "11.1.2.3", "unix:", "127.0.0.1", "10.1.2.3.example"])
def test_nobody_else_may(address: str) -> None:
    assert not readers.may_see_figures(address, "", passed_on=False)


def test_a_token_opens_from_anywhere() -> None:
    assert readers.may_see_figures("203.0.113.7", f"Bearer {TOKEN}", passed_on=True)
    assert readers.may_see_figures("203.0.113.7", f"bearer {TOKEN}", passed_on=True)


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \xff", TOKEN])
def test_and_no_other_word_does(shown: str) -> None:
    assert not readers.may_see_figures("203.0.113.7", shown, passed_on=False)


def test_without_a_token_an_empty_one_opens_nothing(settings) -> None:
    settings.METRICS_TOKEN = ""
    assert not readers.may_see_figures("203.0.113.7", "Bearer ", passed_on=False)


def test_the_log_has_one_line_however_many_ask(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "refused", readers.RefusedReaders())
    for _ in range(100):
        readers.may_see_figures("203.0.113.7\nforged", "", passed_on=False)
    [line] = [record.getMessage() for record in caplog.records]
    assert "METRICS_ALLOW" in line and "\n" not in line
