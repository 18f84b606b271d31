"""Which ends of a socket are a loss."""

import pytest

from streams.pure.gateway.closing import ended_message


@pytest.mark.parametrize(
    ("code", "lost"), [(1000, False), (1001, False), (1005, False), (4000, False), (1006, True), (1011, True), (None, True)]
)
def test_by_its_close_code(code, lost):
    end = ended_message(code, by_us=False)
    assert (end.lost, end.code) == (lost, code)
    assert end.words.endswith(".")


def test_an_unknown_code_is_named():
    assert ended_message(3999, by_us=False).words == "The gateway closed with code 3999."


@pytest.mark.parametrize("code", [1000, 1001, 1006, None])
def test_after_a_close_of_ours_the_code_means_nothing(code):
    assert not ended_message(code, by_us=True).lost
