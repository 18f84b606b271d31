"""Which passwords the console takes."""

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError

MARIA = User(username="maria.keller", first_name="Maria", last_name="Keller", email="maria@desk.example.com")


@pytest.mark.parametrize(
    "password",
    [
        *("maria-maria", "mariakeller1", "maria.keller2026", "kellerkeller", "Streamdesk1", "streamdesk-2026", "desk.example"),
        *("qwertyuiop12", "aaaaaaaaaaaaaaaaaaaa", "1234567890987", "P@ssw0rd1234", "abcabcabcabc", "letmein12345", "0" * 5000),
    ],
)
def test_what_is_guessed_early_is_refused_with_what_would_be_right(password: str) -> None:
    with pytest.raises(ValidationError) as error:
        validate_password(password, MARIA)
    assert "Take four words that have nothing to do with each other" in " ".join(error.value.messages)


@pytest.mark.parametrize(
    "password", ["quiet-anvil-7-harbour", "g_exs03K1B_TBEBw", "a-long-password-1", "vier Wörter ohne Sinn", "🔑 unter 🪨 neben 🦔"]
)
def test_what_is_not_guessed_early_is_taken(password: str) -> None:
    validate_password(password, MARIA)


def test_the_form_says_so_before() -> None:
    assert any("hard to guess" in words for words in password_validators_help_texts())
