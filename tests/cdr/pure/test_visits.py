"""Who asks for a shared page: a person, an open page, a browser that fetches ahead, or a chat that looks at links."""

import pytest

from cdr.pure.visits import PageVisit, visit_of

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
CUBOT = "Mozilla/5.0 (Linux; Android 10; CUBOT NOTE 20) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"
OPENED = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site"}


@pytest.mark.parametrize(
    ("headers", "visit"),
    [
        ({"User-Agent": CHROME, **OPENED}, PageVisit.PERSON),
        ({"User-Agent": CUBOT, **OPENED}, PageVisit.PERSON),
        ({"User-Agent": CHROME}, PageVisit.PERSON),
        ({}, PageVisit.PERSON),
        ({"User-Agent": CHROME, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}, PageVisit.WITHIN),
        ({"User-Agent": CHROME, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"}, PageVisit.WITHIN),
        ({"User-Agent": CHROME, "Sec-Purpose": "prefetch;prerender", **OPENED}, PageVisit.AHEAD),
        ({"User-Agent": CHROME, "Purpose": "prefetch", "Sec-Fetch-Site": "same-origin"}, PageVisit.AHEAD),
        ({"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"}, PageVisit.PROGRAM),
        ({"User-Agent": "TelegramBot (like TwitterBot)"}, PageVisit.PROGRAM),
        ({"User-Agent": "WhatsApp/2.23.20.0"}, PageVisit.PROGRAM),
        ({"User-Agent": "facebookexternalhit/1.1 Facebot Twitterbot/1.0"}, PageVisit.PROGRAM),
        (
            {"User-Agent": "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com"},
            PageVisit.PROGRAM,
        ),
        ({"User-Agent": "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)"}, PageVisit.PROGRAM),
        ({"User-Agent": "curl/8.5.0"}, PageVisit.PROGRAM),
    ],
)
def test_who_asks(headers: dict[str, str], visit: PageVisit) -> None:
    assert visit_of("GET", headers) is visit


def test_who_asks_for_the_head_alone_opens_nothing() -> None:
    assert visit_of("HEAD", {"User-Agent": CHROME, **OPENED}) is PageVisit.PROGRAM
