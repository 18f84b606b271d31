"""Every command of ours with its own help, and what `make` makes.

Owns nothing of it: the commands' parsers say it."""

import os
import re
from argparse import SUPPRESS
from pathlib import Path

from django.core.management import get_commands, load_command_class
from django.core.management.base import DjangoHelpFormatter

from docs.site.markdown import code, page, plain, section, table

ROOT = Path(__file__).parents[2]
OURS = ("config", "streams", "cdr")
UNTOLD = ("createsuperuser", "migrate", "runserver", "setup_demo")
"""Django's own, which ours only make safer, and what `run` calls."""
DJANGOS = {
    "migrate": "makes and changes the tables; `--check` says whether that is needed",
    "createsuperuser": "makes an administrator",
    "changepassword": "sets somebody's password",
    "collectstatic": "puts the console's files into `STATIC_ROOT`",
    "check": "looks at the settings; `--deploy` also at what a real installation needs",
}
OF_EVERY_COMMAND = DjangoHelpFormatter.show_last | {"-h"}
TARGET = re.compile(r"^([a-z-]+):.*?## (.*)$", re.MULTILINE)


def commands() -> list[str]:
    return sorted(name for name, app in get_commands().items() if app in OURS and name not in UNTOLD)


def render() -> str:
    parts = [section(name, help_of(name)) for name in commands()]
    targets = TARGET.findall((ROOT / "Makefile").read_text())
    words = (
        "`python manage.py COMMAND`, beside whatever runs; with the installed wheel `streamdesk COMMAND`. Each has the options of every\n"
        "command of Django's as well (`--verbosity`, `--traceback` ...), which are left out here."
    )
    return page(
        "Commands",
        words,
        *parts,
        section("Of Django", table(("command", ""), ((code(name), words) for name, words in DJANGOS.items()))),
        section("make", table(("target", ""), ((code(f"make {name}"), plain(words)) for name, words in targets))),
    )


def help_of(name: str) -> str:
    os.environ["COLUMNS"] = "110"  # argparse asks it how wide a line may be
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    for action in parser._actions:
        if OF_EVERY_COMMAND & {*action.option_strings}:
            action.help = SUPPRESS
    return f"```text\n{parser.format_help().strip()}\n```\n"
