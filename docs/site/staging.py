"""The manual's own pages, as they stand in docs/ for whoever reads them there, laid out for the site.

Owns which files those are, and the few links that mean something else here: GitHub shows a folder's README.md, a site its index.md, and
code has no page. Must not know how pages are made of the code."""

import re
import shutil
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BESIDE = ("SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md")
"""Pages that stand where GitHub looks for them."""
LINK = re.compile(r"(?P<text>!?\[[^\]]*\])\((?P<target>[^)\s]+)\)")
PICTURES = (".png", ".svg")
FENCE = re.compile(r"^ *```")


@cache
def pages() -> dict[str, Path]:
    """Where each stands on the site -> its file."""
    written = {file.relative_to(DOCS).as_posix(): file for file in sorted(DOCS.rglob("*.md"))}
    found = {place.replace("README.md", "index.md"): file for place, file in written.items()}
    return found | {name: ROOT / name for name in BESIDE}


def staged(file: Path) -> str:
    """Its text, with links that lead to pages of the site."""
    lines, in_code = [], False
    # What is typed as root has the colours of what anybody types: those of a session's output are none.
    for line in file.read_text().replace("```console", "```sh").splitlines():
        in_code ^= bool(FENCE.match(line))
        lines.append(line if in_code else LINK.sub(lambda link: led(link, file), line))
    return "\n".join(lines) + "\n"


def led(link: re.Match[str], file: Path) -> str:
    """A link to what has no page here is its words alone; one that leads nowhere stays, and ends the build."""
    place, mark, anchor = link["target"].partition("#")
    target = (file.parent / place).resolve()
    if not place or "://" in place or not target.exists():
        return link[0]
    if target.is_dir() and target.parent == DOCS.resolve():
        return f"{link['text']}({'../' * placed(file).count('/')}{target.name}/index.md)"
    known = {there.resolve(): where for where, there in pages().items()}
    if target in known or target.suffix in PICTURES:
        here = placed(file)
        where = known.get(target) or target.relative_to(DOCS.resolve()).as_posix()
        return f"{link['text']}({'../' * here.count('/')}{where}{mark}{anchor})"
    return link["text"].strip("[]")


def placed(file: Path) -> str:
    return next(where for where, there in pages().items() if there.resolve() == file.resolve())


def stage(folder: Path) -> None:
    for where, file in pages().items():
        (folder / where).parent.mkdir(parents=True, exist_ok=True)
        (folder / where).write_text(staged(file))
    shutil.copytree(DOCS / "images", folder / "images")
    for name in ("iframe-worker.js", "site.css"):
        shutil.copy(DOCS / "site" / name, folder)


def title_of(file: Path) -> str:
    return file.read_text().partition("\n")[0].removeprefix("# ").strip()


def decisions() -> dict[str, str]:
    """File name and title, the newest first."""
    return {file.name: title_of(file) for file in sorted((DOCS / "decisions").glob("2*.md"), reverse=True)}


def list_of_decisions() -> str:
    """GitHub lists the folder by itself."""
    lines = [f"- {name[:10]}: [{title}]({name})" for name, title in decisions().items()]
    return "# Decisions\n\nWhy it is as it is, with what was weighed and measured. The newest first.\n\n" + "\n".join(lines) + "\n"
