"""What the audit log writes down of a change, and what it must not."""

import pytest

from cdr.pure.acts import change_words, is_secret


@pytest.mark.parametrize("field", ["auth_token", "password", "password1", "usable_password", "client_secret"])
def test_secrets_are_known_by_their_names(field) -> None:
    assert is_secret(field)


@pytest.mark.parametrize("field", ["name", "rate", "answer_url", "groups"])
def test_what_is_no_secret(field) -> None:
    assert not is_secret(field)


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"rate": ["0.00300", "0.00400"]}, "rate: 0.00300 → 0.00400"),
        ({"name": ["", "Acme"], "currency": ["", "EUR"]}, "name: Acme; currency: EUR"),
        ({"name": ["Acme", ""]}, "name: Acme → –"),
        ({"state_before": "delivered"}, "state before: delivered"),
        ({}, "–"),
        (["odd"], "–"),
        (None, "–"),
    ],
)
def test_a_change_in_words(details, words) -> None:
    assert change_words(details) == words


def test_hostile_values_are_cut_and_cleaned() -> None:
    words = change_words({"name": ["\x00\u202e" + "x" * 5000, "b"]})
    assert len(words) < 300 and "\x00" not in words and "\u202e" not in words
