"""What `pip install` of the wheel puts on PATH: `streamdesk`, which is manage.py with its code as a folder of its own beside this file.

Owns where an installed Streamdesk finds its code, and where it keeps what it writes: not there. Must not know any command."""

import os
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    """`streamdesk folder` says where the code is, for what is started there: `celery --workdir "$(streamdesk folder)" -A config worker`."""
    if sys.argv[1:] == ["folder"]:
        print(FOLDER)
        return
    os.environ.setdefault("DATA_DIR", str(Path.cwd() / "data"))
    sys.path.insert(0, str(FOLDER))
    from manage import main as manage  # noqa: PLC0415 - it is found from here on

    manage()
