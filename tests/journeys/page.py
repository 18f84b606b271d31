"""A page of the console as its reader has it: what is to be seen, the links, the forms, the labelled facts, the lines of a log."""

import re
import urllib.parse
from dataclasses import dataclass, field
from html.parser import HTMLParser

UNSEEN = ("script", "style", "template")


@dataclass
class Form:
    """`fields` are what a browser would send as it stands."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """`text` has single blanks. `facts` are the label-value pairs of each part of the page, by the part's id (the call's own: "");
    `lines` the texts of a log's lines, by their anchors, in order."""

    def __init__(self, url: str, status: int, headers: dict[str, str], html: str) -> None:
        super().__init__()
        self.url, self.status, self.headers, self.html = url, status, headers, html
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.facts: dict[str, dict[str, str]] = {}
        self.lines: dict[str, str] = {}
        self._unseen = 0
        self._part = self._label = self._anchor = ""
        self._words: list[str] = []
        self._caught: dict[str, list[str]] = {}
        self.feed(html)
        self.text = tidy(self._words)

    def link(self, pattern: str) -> str:
        """The first link whose address matches."""
        found = next((address for address in self.links if re.search(pattern, address)), None)
        assert found is not None, f"no link {pattern!r} on {self.url}: {self.text}"
        return found

    def form(self, method: str = "post") -> Form:
        """The last form of that method: the console's own are further up."""
        return [form for form in self.forms if form.method == method][-1]

    def line(self, pattern: str) -> str:
        """The first line of the log that matches."""
        found = next((line for line in self.lines.values() if re.search(pattern, line)), None)
        assert found is not None, f"no line {pattern!r} on {self.url}: {list(self.lines.values())}"
        return found

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self._unseen += tag in UNSEEN
        match tag:
            case "section":
                self._part = given.get("id", "")
            case "a":
                self.links.append(urllib.parse.urljoin(self.url, given.get("href", "")))
            case "form":
                self.forms.append(Form(urllib.parse.urljoin(self.url, given.get("action", "")), given.get("method", "get").lower()))
            case "input" if self.forms and given.get("name"):
                self.forms[-1].fields[given["name"]] = given.get("value", "")
            case "li" if "line" in given.get("class", "").split():
                self._anchor = given["id"]
                self._caught["li"] = []
            case "dt" | "dd":
                self._caught[tag] = []

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in UNSEEN
        words = tidy(self._caught.pop(tag, []))
        match tag:
            case "section":
                self._part = ""
            case "dt":
                self._label = words
            case "dd":
                self.facts.setdefault(self._part, {})[self._label] = words
            case "li" if self._anchor:
                self.lines[self._anchor] = words
                self._anchor = ""

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._words.append(data)
            for caught in self._caught.values():
                caught.append(data)


def tidy(words: list[str]) -> str:
    return " ".join(" ".join(words).split())
