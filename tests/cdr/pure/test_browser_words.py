"""A browser in two words."""

import pytest

from cdr.pure.browser_words import browser_words

WINDOWS, MAC, LINUX = "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (f"Mozilla/5.0 ({LINUX}; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Linux"),
        (f"Mozilla/5.0 ({WINDOWS}) {CHROME} Safari/537.36", "Chrome on Windows"),
        (f"Mozilla/5.0 ({WINDOWS}) {CHROME} Safari/537.36 Edg/131.0.0.0", "Edge on Windows"),
        (f"Mozilla/5.0 ({MAC}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15", "Safari on a Mac"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile Safari/604.1",
            "Safari on an iPhone",
        ),
        (f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {CHROME} Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("x" * 200, "x" * 60),
        ("", "unknown"),
    ],
)
def test_family_and_system(said: str, words: str) -> None:
    assert browser_words(said) == words
