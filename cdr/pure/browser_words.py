"""A browser by what it says about itself, in two words: `Firefox on Linux`.

Owns those words. What a browser says is no proof of anything: it is for people who look for their own."""

FAMILIES = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"))
SYSTEMS = (
    *(("Android", "Android"), ("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Windows", "Windows"), ("CrOS", "ChromeOS")),
    *(("Mac OS X", "a Mac"), ("Linux", "Linux")),
)
"""What stands in it, and what that means, in the order in which it is looked for: most claim to be several."""


def browser_words(said: str) -> str:
    family = _first(FAMILIES, said) or ("Safari" if "Safari/" in said and "Version/" in said else "")
    system = _first(SYSTEMS, said)
    if not family:
        return said[:60] or "unknown"
    return f"{family} on {system}" if system else family


def _first(known: tuple[tuple[str, str], ...], said: str) -> str:
    return next((words for mark, words in known if mark in said), "")
