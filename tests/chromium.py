"""The Chromium for the tests that drive one: in this tree, where tests/setup_browser.py brings it, or on this machine.

Owns where it is looked for, and how it is started. CHROMIUM is None where there is none."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parent.parent
BROUGHT = ROOT / "build" / "browsers"
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    """What was brought comes first: it is what this Playwright was made for. Then the shell, which starts quickest."""
    brought = sorted(BROUGHT.glob("chromium_headless_shell-*/*/*headless[-_]shell"), key=lambda path: path.stat().st_mtime)
    return str(brought[-1]) if brought else next((path for name in NAMES if (path := shutil.which(name))), None)


CHROMIUM = find()
FRUGAL = ["--no-sandbox", "--disable-gpu", "--in-process-gpu", "--renderer-process-limit=1", "--disable-site-isolation-trials"]
"""What it is started with: few processes, as each that begins costs a fifth of a second."""
