"""Who imports this has pytest and its plugins, imported by pytest itself, which rewrites the assertions of some.

For a process whose forks are processes of pytest (tests/warm_start.py). Must not import any test."""

import io
from contextlib import redirect_stdout

import pytest

with redirect_stdout(io.StringIO()):
    pytest.main(["--version", "--version", "--noconftest"])  # which says of each plugin where it is
