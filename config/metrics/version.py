"""Which version runs, as pyproject.toml has it."""

import tomllib
from functools import cache

from django.conf import settings


@cache
def version() -> str:
    try:
        return str(tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]["version"])
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        return "unknown"
