"""The wheel: all of the code and nothing else, the same bytes each time, and a `streamdesk` that runs from where pip puts it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CODE = ("config", "streams", "cdr", "templates", "manage.py", "pyproject.toml")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("dist"))


def built(folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_it_holds_the_code_and_nothing_else(wheel: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "--cached", "--", *CODE], cwd=ROOT, capture_output=True, text=True, check=True)
    code = {name for name in listed.stdout.splitlines() if (ROOT / name).exists()}
    assert len(code) > 700
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    untracked = {name.removeprefix("streamdesk/") for name in names} - code - {"__init__.py"}
    assert not [name for name in untracked if Path(name).suffix != ".py"], "a working tree may hold new modules, and nothing else"
    assert {f"streamdesk/{name}" for name in code} <= names


def test_the_same_tree_makes_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    assert built(tmp_path).read_bytes() == wheel.read_bytes()


def test_what_pip_installs_runs_and_keeps_its_data_where_it_was_started(wheel: Path, tmp_path: Path) -> None:
    """Beside the packages of this environment, which are those that it names."""
    place, work = tmp_path / "site", tmp_path / "work"
    work.mkdir()
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--target", str(place), str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    of_the_tests = ("DATA_DIR", "SECRET_KEY", "SECRETS_KEY", "DATABASE_URL")
    environment = {name: value for name, value in os.environ.items() if name not in of_the_tests}
    environment |= {"PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}

    def said(*arguments: str) -> str:
        command = [str(place / "bin/streamdesk"), *arguments]
        done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert said("folder").strip() == str(place / "streamdesk")
    assert "no issues" in said("check")
    assert list((work / "data").iterdir())
    assert {path.name for path in (place / "streamdesk").iterdir()} - {"__pycache__"} == {*CODE, "__init__.py"}


def test_what_github_runs_is_what_is_run_everywhere() -> None:
    (job,) = yaml.safe_load((ROOT / ".github/workflows/check.yml").read_text())["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
