"""Looks at the site that was made: that every link, anchor and picture leads somewhere, and that a page asks no other server.

Zensical's strict build reads the sources, and says nothing of pictures or of what its templates bring; this reads what came out."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

FETCHED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "audio": "src", "video": "src"}
"""What a browser fetches by itself, for a page."""
UNFETCHED = {"canonical", "next", "prev"}
"""Kinds of `link` that it only knows."""

ELSEWHERE = re.compile(r"""(?:url\(|@import\s)\s*["']?((?:https?:)?//[^"')\s]+)""")
"""In a style sheet."""


class Page(HTMLParser):
    """Its anchors, where its links lead, and what it has fetched."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if (name := FETCHED.get(tag)) in given and given.get("rel") not in UNFETCHED:
            self.fetched.append(given[str(name)])


def faults(site: Path) -> list[str]:
    """Sentences; none where all is well."""
    pages = {file.resolve(): Page(file.read_text()) for file in sorted(site.rglob("*.html"))}
    if site.resolve() / "index.html" not in pages:
        return [f"There is no {site / 'index.html'}."]
    # The page for what is not there is served for any address, and so links from the root of a server.
    found = [fault for file, page in pages.items() if file.name != "404.html" for fault in of_page(file, page, pages)]
    for sheet in sorted(site.rglob("*.css")):
        found += [f"{sheet.name} fetches {address}, which is another server's." for address in ELSEWHERE.findall(sheet.read_text())]
    return found


def of_page(file: Path, page: Page, pages: dict[Path, Page]) -> Iterator[str]:
    for address in page.fetched:
        if "//" in address.removeprefix("data:")[:9]:
            yield f"{file.name} fetches {address}, which is another server's."
        elif not address.startswith("data:") and not target(file, address).exists():
            yield f"{file.name} shows {address}, which is not there."
    for address in page.links:
        place, anchor = urldefrag(address)
        if ":" in place.partition("/")[0]:
            continue
        there = target(file, place) if place else file
        if not there.exists():
            yield f"{file.name} links to {address}, which is not there."
        elif anchor and there in pages and unquote(anchor) not in pages[there].anchors:
            yield f"{file.name} links to {address}, and that page has no such place."


def target(file: Path, address: str) -> Path:
    there = (file.parent / unquote(address.partition("?")[0])).resolve()
    return there / "index.html" if there.is_dir() else there
