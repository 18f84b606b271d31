"""What Zensical is told of the site: its name, its looks, and in which order the pages stand.

Owns that. The four parts are those of a manual: what teaches, what helps with a task, what is looked up, what explains. Must not know what
stands on a page."""

from typing import Any

SOURCES, SITE = "docs-src", "site"
"""Folders beside the project's file, in build/."""

Nav = list[Any]

HOW_TO: Nav = [
    {
        "Connect a gateway": [
            "gateways/index.md",
            {"Asterisk": "gateways/asterisk.md"},
            {"FreeSWITCH": "gateways/freeswitch-audio-stream.md"},
            {"jambonz, drachtio": "gateways/jambonz-audio-fork.md"},
            {"Twilio and its likes": "gateways/twilio.md"},
        ]
    },
    {"Run it for real": "operation.md"},
    {"Find a call, read its log": "console.md"},
    {"Let customers in": "desk.md"},
    {"Record streams": "recordings.md"},
    {"Grow": "scaling.md"},
    {"Harden it": "SECURITY.md"},
]
REFERENCE: Nav = [
    "reference/index.md",
    {"XML, WebSocket, callbacks": "streaming.md"},
    {"REST API": ["api.md", {"Every operation": "reference/operations.md"}]},
]
"""What people wrote of it; behind them come the pages that are made of the code."""
EXPLANATION: Nav = [
    {"What is known not to work": "limits.md"},
    {"The map of the house": "map.md"},
    {"Turns of a conversation": "turns.md"},
    {"What is promised": "reliability.md"},
    {"What it costs": "performance.md"},
    {"Decisions": ["decisions/index.md"]},
]
"""The decisions are listed by their first page: there are too many of them for a bar at the side."""


def project(reference: Nav) -> dict[str, Any]:
    """`reference`: the pages that are made of the code."""
    history = [{"What is new": "CHANGELOG.md"}, {"Change it": "CONTRIBUTING.md"}]
    return {
        "site_name": "Streamdesk",
        "site_description": "The manual of Streamdesk: the platform side of call audio streaming, self-hosted",
        "docs_dir": SOURCES,
        "site_dir": SITE,
        "theme": theme(),
        # The manual is read without a network, and as files: then the search needs the shim, which is ours and not another server's.
        "plugins": ["search", "offline"],
        "extra_css": ["site.css"],
        "extra": {"generator": False, "polyfills": ["iframe-worker.js"]},
        "markdown_extensions": [
            "tables",
            "sane_lists",
            {"toc": {"permalink": True}},
            {"pymdownx.highlight": {"anchor_linenums": False}},
            "pymdownx.superfences",
        ],
        "validation": {"invalid_links": True, "invalid_link_anchors": True, "unresolved_references": False},
        "nav": [
            {"The manual": "index.md"},
            {"Tutorial": "tutorial.md"},
            {"How to": HOW_TO},
            {"Reference": [*REFERENCE, *reference]},
            {"Explanation": [*EXPLANATION, *history]},
        ],
    }


def theme() -> dict[str, Any]:
    light = {"media": "(prefers-color-scheme: light)", "scheme": "default", "toggle": {"icon": "lucide/sun", "name": "Dark"}}
    dark = {"media": "(prefers-color-scheme: dark)", "scheme": "slate", "toggle": {"icon": "lucide/moon", "name": "Light"}}
    return {
        "name": "material",
        "font": False,
        "icon": {"logo": "lucide/audio-lines"},
        "features": ["navigation.tabs", "navigation.sections", "navigation.indexes", "navigation.top", "content.code.copy", "toc.follow"],
        "palette": [light, dark],
    }
