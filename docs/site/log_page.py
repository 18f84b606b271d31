"""Every kind of event that the debug log may have, in its words.

Owns nothing of them: the kinds are streams.pure.lifecycle's, the words cdr.pure.log.wording's."""

from cdr.pure.log.wording import WORDS, Phrase
from docs.site.markdown import code, page, plain, section, table
from streams.pure.lifecycle import EventKind

KINDS = tuple(EventKind)
OF_CALLS = KINDS[: KINDS.index(EventKind.CALL_ENDED) + 1]
"""Those of streams stand behind the call's end, as the enumeration has it."""


def render() -> str:
    words = (
        "What happened to a call and to its streams, in the order in which it happened. `kind` is for programs (it is in downloads and\n"
        "in the [API](../api.md)), the sentence for people, and may be worded otherwise one day. What stands in ⟨angle brackets⟩ is the\n"
        "event's own; a part of a sentence in [square brackets] is said where it is known, and of two with a stroke between them the\n"
        "first that is.\n\n"
        "An event is *debug* (how it went), *info*, *warning* (something is not as it should be) or *error* (it cost something)."
    )
    of_streams = KINDS[len(OF_CALLS) :]
    return page("Events of the debug log", words, section("Of a call", described(OF_CALLS)), section("Of a stream", described(of_streams)))


def described(kinds: tuple[EventKind, ...]) -> str:
    return table(("kind", "what the log says"), ((code(kind.value), plain(sentence(WORDS[kind]))) for kind in kinds))


def sentence(phrases: tuple[Phrase, ...]) -> str:
    return "".join(map(said, phrases)) + "."


def said(phrase: Phrase) -> str:
    """Alternatives of which the last needs nothing need no brackets: one of them is always said."""
    ways = (phrase,) if isinstance(phrase, str) else phrase
    text = " / ".join(ways).replace("{", "⟨").replace("}", "⟩")
    if "{" not in ways[-1]:
        return text
    return f" [{text.lstrip()}]" if text.startswith(" ") else f"[{text}]"
