"""Installs the packages of a requirements file: `python -P config/install_packages.py requirements.txt .venv`.

Owns how packages get into an environment, which is made if there is none: uv brings them (in a fifth of pip's time), told where pip looks
on this machine; where uv is not there or cannot, pip does. Everything has hashes, so that nothing else comes. Is run before anything is
installed, by the Python that has pip: must import nothing but Python's own."""

import hashlib
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

UV = Path(sys.prefix) / "bin/uv"
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
}
SECTIONS = ("global", "install", ":env:")
"""Of pip's configuration; what stands in a later one counts."""
OPTION = re.compile(r"^(?P<section>[\w:]+)\.(?P<name>[\w-]+)='(?P<value>.*)'$")


def main(requirements: Path, environment: Path) -> int:
    """0 when they are there; nothing is done when what was installed last was the same."""
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    installed = environment / f"installed-{requirements.name}"
    if installed.is_file() and installed.read_text().strip() == wanted:
        return 0
    print(f"Installing the packages of {requirements} in {environment}; this takes some seconds ...", flush=True)
    python = environment / "bin/python"
    if not python.exists():
        venv.create(environment, with_pip=False, symlinks=True)
    if not (by_uv(requirements, python) or by_pip(requirements, python)):
        print(f"The packages of {requirements} could not be installed.", file=sys.stderr)
        return 1
    installed.write_text(wanted)
    return 0


def by_uv(requirements: Path, python: Path) -> bool:
    """Quietly: what it cannot do, pip tries next, and says why not."""
    if not UV.exists():
        return False
    options = pip_options(run([sys.executable, "-m", "pip", "config", "list"]).stdout)
    command = [str(UV), "pip", "install", "--require-hashes", "--python", str(python), "--requirement", str(requirements)]
    if options.get("no-index", "") in ("1", "true", "yes"):
        command.append("--no-index")
    try:
        return run(command, env=uv_settings(options) | os.environ).returncode == 0
    except OSError:
        return False


def by_pip(requirements: Path, python: Path) -> bool:
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--quiet", "--disable-pip-version-check"]
    return run([*command, "--require-hashes", "--no-compile", "--requirement", str(requirements)], stderr=None).returncode == 0


def run(command: list[str], env: dict[str, str] | None = None, stderr: int | None = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """`stderr` None: people see it."""
    # Its words are ours, but for two file names of the Makefile.
    return subprocess.run(command, check=False, env=env, stdout=subprocess.PIPE, stderr=stderr, text=True)  # nosec B603


def pip_options(listed: str) -> dict[str, str]:
    """Of `pip config list`, which knows files and environment."""
    found = [match for line in listed.splitlines() if (match := OPTION.match(line))]
    return {match["name"]: match["value"] for section in SECTIONS for match in found if match["section"] == section}


def uv_settings(options: dict[str, str]) -> dict[str, str]:
    """Like pip, the best version of all places is taken; with hashes it cannot be somebody else's."""
    settings = {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_PYTHON_DOWNLOADS": "never"}
    settings |= {UV_NAMES[name]: value for name, value in options.items() if name in UV_NAMES}
    if "find-links" in options:
        settings["UV_FIND_LINKS"] = ",".join(options["find-links"].split())
    if "cert" in options:
        settings["SSL_CERT_FILE"] = options["cert"]
    if "proxy" in options:
        settings["ALL_PROXY"] = options["proxy"]
    return settings


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
