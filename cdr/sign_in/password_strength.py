"""What a password of the console has to be beyond its length: not one that is guessed early, such as a name written twice.

Owns that rule, as Django asks for it (AUTH_PASSWORD_VALIDATORS); how many guesses a password takes is zxcvbn's to estimate."""

from typing import Any

from django.core.exceptions import ValidationError

from streams.pure.secret_strength import guesses_needed

LEAST_GUESSES = 10
"""As a power of ten: a slow hash, and locks, stand before them."""
ABOUT_THE_USER = ("username", "first_name", "last_name", "email")
ADVICE = "A password that is hard to guess: four words that have nothing to do with each other, or what a password manager makes."


class NotGuessed:
    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError."""
        known = [str(getattr(user, name, "") or "") for name in ABOUT_THE_USER] if user else []
        if guesses_needed(password, ["streamdesk", *known]) < LEAST_GUESSES:
            raise ValidationError(
                "This password is guessed early: names, words, dates, keys side by side, doubled or with a digit behind, come first. "
                "Take four words that have nothing to do with each other, or what a password manager makes.",
                code="password_guessed_early",
            )

    def get_help_text(self) -> str:
        return ADVICE
