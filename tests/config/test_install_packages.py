"""How packages get into an environment: by uv that looks where pip looks, and by pip where uv is not or cannot."""

import base64
import hashlib
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from config import install_packages
from config.install_packages import by_uv, main, pip_options, uv_settings


def test_uv_looks_where_pip_looks() -> None:
    listed = """:env:.find-links='/wheels /more'
global.index-url='https://files.example.test/simple'
global.extra-index-url='https://one.test/simple https://two.test/simple'
:env:.cert='/etc/own-ca.pem'
:env:.proxy='http://proxy.test:3128'
download.index-url='https://elsewhere.example.test/simple'
global.cert='/etc/ca.pem'
install.index-url='https://mirror.example.test/simple'
install.trusted-host='mirror.example.test'
WARNING: something else
"""
    assert uv_settings(pip_options(listed)) == {
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_DEFAULT_INDEX": "https://mirror.example.test/simple",
        "UV_INDEX": "https://one.test/simple https://two.test/simple",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_INSECURE_HOST": "mirror.example.test",
        "SSL_CERT_FILE": "/etc/own-ca.pem",
        "ALL_PROXY": "http://proxy.test:3128",
    }


@pytest.fixture
def requirements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of one package, which only pip's configuration knows where to find; what that says is asked of pip once in each test."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    run = install_packages.run
    configuration = cache(lambda *command: run([*command]))

    def run_or_known(command: list[str], **options: Any) -> Any:
        return configuration(*command) if command[-2:] == ["config", "list"] else run(command, **options)

    monkeypatch.setattr(install_packages, "run", run_or_known)
    return required(tmp_path, wheels, "1.0")


def required(folder: Path, wheels: Path, version: str) -> Path:
    wheel = wheels / f"ringtone-{version}-py3-none-any.whl"
    about = f"ringtone-{version}.dist-info"
    files = {
        "ringtone.py": f"version = {version!r}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: ringtone\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    records = [
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},{len(text)}"
        for name, text in files.items()
    ]
    files[f"{about}/RECORD"] = "\n".join([*records, f"{about}/RECORD,,"]) + "\n"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    file = folder / "requirements.txt"
    file.write_text(f"ringtone=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    return file


def imported_version(environment: Path) -> str:
    code = "import ringtone; print(ringtone.version)"
    return subprocess.run([environment / "bin/python", "-I", "-B", "-c", code], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.skipif(not install_packages.UV.exists(), reason="There is no uv for this machine.")
def test_uv_installs_and_once(
    requirements: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install_packages, "by_pip", lambda *_: pytest.fail("uv has to do without pip's help"))
    environment = tmp_path / "made"
    assert main(requirements, environment) == 0
    assert imported_version(environment) == "1.0"
    assert main(requirements, environment) == 0
    assert capfd.readouterr().out.count("Installing") == 1
    newer = required(tmp_path, tmp_path / "wheels", "2.0")
    assert main(newer, environment) == 0
    assert imported_version(environment) == "2.0"


def test_pip_installs_where_uv_does_not(requirements: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "uv"
    monkeypatch.setattr(install_packages, "UV", other)
    assert not by_uv(requirements, tmp_path / "made/bin/python")
    other.touch(0o755)
    for contents in (b"#!/bin/sh\nexit 2\n", b"\x7fELF nothing"):  # it fails; it is for another machine
        other.write_bytes(contents)
        assert not by_uv(requirements, tmp_path / "made/bin/python")
    assert main(requirements, tmp_path / "made") == 0
    assert imported_version(tmp_path / "made") == "1.0"


def test_what_was_altered_is_not_installed(requirements: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """By uv, and by pip, which is asked after it and says why."""
    (wheel,) = (tmp_path / "wheels").iterdir()
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("ringtone_too.py", "")
    assert main(requirements, tmp_path / "made") == 1
    said = capfd.readouterr().err
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in said
    assert f"The packages of {requirements} could not be installed." in said


def test_it_runs_before_anything_is_installed(tmp_path: Path) -> None:
    """By a Python without site packages, and not in this folder's way."""
    script = Path(install_packages.__file__)
    run = subprocess.run([sys.executable, "-S", "-P", script, tmp_path / "none.txt", tmp_path], check=False, capture_output=True, text=True)
    assert "FileNotFoundError" in run.stderr and "ModuleNotFoundError" not in run.stderr
