"""The manual as it stands here, for whoever reads it on GitHub, and the site that is made of it: every page in its place, every link to
something, nothing from another server."""

import re
import shutil
from pathlib import Path

import pytest

from docs.site import staging
from docs.site.built import faults
from docs.site.markdown import plain
from docs.site.project import Nav, project

ROOT = Path(__file__).parents[2]
READ_HERE = [*staging.pages().values(), ROOT / "README.md"]
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
WRITTEN = re.compile(r'<a id="([\w-]+)">')
FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)


def anchors(file: Path) -> set[str]:
    """As GitHub makes them of headings, and those that are written."""
    text = FENCED.sub("", file.read_text())
    titles = HEADING.findall(text)
    return {*WRITTEN.findall(text)} | {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_link_of_the_manual_leads_somewhere_where_it_is_read_on_github() -> None:
    broken = []
    for file in READ_HERE:
        for link in staging.LINK.finditer(FENCED.sub("", file.read_text())):
            place, _, anchor = link["target"].partition("#")
            there = (file.parent / place).resolve() if place else file
            if "://" not in place and (not there.exists() or (anchor and anchor not in anchors(there))):
                broken.append(f"{file.relative_to(ROOT)}: {link['target']}")
    assert broken == []


def places(nav: Nav) -> list[str]:
    """Every page that the navigation names."""
    found = []
    for entry in nav:
        named = [entry] if isinstance(entry, str) else list(entry.values())
        found += [page for each in named for page in (places(each) if isinstance(each, list) else [each])]
    return found


def test_every_page_has_its_place_in_the_navigation() -> None:
    """Or in the list of decisions."""
    listed = {f"decisions/{name}" for name in staging.decisions()}
    assert all(f"]({name})" in staging.list_of_decisions() for name in staging.decisions())
    made = {"decisions/index.md", "reference/operations.md"}
    assert sorted(set(places(project([])["nav"])) - made) == sorted(staging.pages().keys() - listed)


def test_a_link_to_what_has_no_page_is_its_words_and_one_to_a_folder_its_first_page(tmp_path: Path, monkeypatch) -> None:
    page = tmp_path / "docs/sub/page.md"
    page.parent.mkdir(parents=True)
    (tmp_path / "docs/sub/README.md").write_text("# Sub\n")
    (tmp_path / "docs/a.md").write_text("# A\n")
    (tmp_path / "Makefile").write_text("")
    links = "[A](../a.md#b), [all](..), [make](../../Makefile), [sub](../sub), [web](https://x.example/), [none](none.md), ![p](../p.svg)"
    (tmp_path / "docs/p.svg").write_text("<svg/>")
    page.write_text(f"{links}\n\n```sh\n[A](../a.md)\n```\n")
    monkeypatch.setattr(staging, "DOCS", tmp_path / "docs")
    monkeypatch.setattr(staging, "pages", lambda: {"sub/page.md": page, "a.md": tmp_path / "docs/a.md"})
    assert staging.staged(page).splitlines() == [
        "[A](../a.md#b), all, make, [sub](../sub/index.md), [web](https://x.example/), [none](none.md), ![p](../p.svg)",
        "",
        "```sh",
        "[A](../a.md)",
        "```",
    ]


def test_what_the_code_says_is_no_markup() -> None:
    assert plain("a|b *c* [d](e) <Stream> `f`\n{g}") == r"a\|b \*c\* \[d\](e) &lt;Stream&gt; \`f\` {g}"


def test_nobody_begins_a_list_within_a_paragraph() -> None:
    """GitHub makes a list of it, and the site a line of text."""
    begun = []
    for file in READ_HERE:
        lines = FENCED.sub("", file.read_text()).splitlines()
        for before, line in zip(lines, lines[1:], strict=False):
            if line.startswith("- ") and before.strip() and not before.startswith(("- ", "  ", "#")):
                begun.append(f"{file.name}: {line[:40]}")
    assert begun == []


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text('<a href="a/b.html#c">c</a><img src="p.png"><script src="s.js"></script><a href="#d" id="d">d</a>')
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b.html").write_text(
        '<h2 id="c">c</h2><a href="../index.html">back</a><a href="..">home</a><a href="https://x.example">x</a>'
    )
    for name in ("p.png", "s.js"):
        (tmp_path / name).write_text("")
    return tmp_path


def test_a_site_that_is_whole_has_no_faults(site: Path) -> None:
    assert faults(site) == []


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ('<script src="https://cdn.example/x.js"></script>', "fetches https://cdn.example/x.js, which is another server's."),
        ('<link rel="stylesheet" href="//fonts.example/x.css">', "fetches //fonts.example/x.css, which is another server's."),
        ('<img src="q.png">', "shows q.png, which is not there."),
        ('<a href="a/z.html">z</a>', "links to a/z.html, which is not there."),
        ('<a href="a/b.html#e">e</a>', "links to a/b.html#e, and that page has no such place."),
        ('<a href="#e">e</a>', "links to #e, and that page has no such place."),
    ],
)
def test_each_fault_of_a_site_is_found(site: Path, written: str, fault: str) -> None:
    (site / "more.html").write_text(written)
    assert faults(site) == [f"more.html {fault}"]


@pytest.mark.parametrize("rule", ["@import 'https://fonts.example/x.css';", "a { src: url(//fonts.example/x.css) }"])
def test_a_font_of_another_server_is_found(site: Path, rule: str) -> None:
    (site / "x.css").write_text("b { background: url(p.png), url(data:image/png;base64,AA//==) }\n" + rule)
    [fault] = faults(site)
    assert "fonts.example/x.css, which is another server's." in fault


def test_a_site_that_was_not_made_is_a_fault(site: Path) -> None:
    shutil.rmtree(site / "a")
    (site / "index.html").unlink()
    assert faults(site) == [f"There is no {site / 'index.html'}."]


def test_it_is_made_with_every_change_and_strictly() -> None:
    assert "make lint docs " in (ROOT / ".ci/run").read_text()
    assert "zensical build --strict" in (ROOT / "Makefile").read_text()


def test_each_limit_says_what_to_do_instead() -> None:
    rows = [line.strip("| ").split(" | ") for line in (ROOT / "docs/limits.md").read_text().splitlines() if line.startswith("| ")]
    assert len(rows) > 30 and [cells for cells in rows if len(cells) != 2 or not cells[1]] == []
