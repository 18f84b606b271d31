"""What a gateway's password, an auth token and a signing token have to be."""

import secrets
import time

import pytest

from streams.pure.secret_strength import Secret, guesses_needed, secret_problem


@pytest.mark.parametrize("kind", Secret)
def test_what_a_machine_makes_is_strong_enough(kind: Secret) -> None:
    for made in (secrets.token_urlsafe(30), secrets.token_hex(16), secrets.token_urlsafe(300)):
        assert secret_problem(kind, made) == ""


@pytest.mark.parametrize(
    ("kind", "secret", "says"),
    [
        (Secret.GATEWAY_PASSWORD, "", "has 0 characters, and needs at least 16. Have a machine make one"),
        (Secret.GATEWAY_PASSWORD, "Zx9-kq2.wT7b", "has 12 characters"),
        (Secret.GATEWAY_PASSWORD, "x" * 24, "can be guessed: Repeats like “aaa” are easy to guess."),
        (Secret.GATEWAY_PASSWORD, "pbx-berlin-1-pbx-berlin-1", "can be guessed"),
        (Secret.GATEWAY_PASSWORD, "acme-gmbh-berlin-pbx-berlin-1", "can be guessed: it is made of words, names or numbers"),
        (Secret.GATEWAY_PASSWORD, "quiet-anvil-7-harbour ", "begins or ends with a blank"),
        (Secret.GATEWAY_PASSWORD, "quiet-anvil\x00-7-harbour", "cannot be seen"),
        (Secret.AUTH_TOKEN, "quiet-anvil-7-harbou", "has 20 characters, and needs at least 24"),
        (Secret.AUTH_TOKEN, "0123456789abcdef" * 2, "can be guessed: "),
        (Secret.SIGNING_TOKEN, "t" * 32, "can be guessed: "),
    ],
)
def test_what_is_too_weak_is_told_why_and_what_would_be_right(kind: Secret, secret: str, says: str) -> None:
    problem = secret_problem(kind, secret, ("pbx-berlin-1", "Acme GmbH", "acme-gmbh", ""))
    assert says in problem and "secrets.token_urlsafe" in problem
    assert len(secret) < 10 or secret not in problem


@pytest.mark.parametrize("hostile", ["4@8({[<6 9#!1/|0$5+7%2" * 4, "({[<!|1@4+7$5" * 9, "1!|l" * 500, "a" * 100_000, "ab" * 50_000])
def test_no_text_takes_long_to_weigh(hostile: str) -> None:
    """Signs that each may stand for several letters took the estimate seconds, and the process with it."""
    before = time.process_time()
    for _ in range(10):
        guesses_needed(hostile, ["x" * 5000])
    assert time.process_time() - before < 10
