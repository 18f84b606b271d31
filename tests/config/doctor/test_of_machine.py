"""What a doctor says of this machine: each fault made in a folder of its own."""

import os
import shutil
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from config.doctor import of_machine
from config.doctor.findings import Severity

NOBODY = 65_534


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    settings.EMBEDDED = True
    return tmp_path


def test_a_sound_machine_is_told_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_machine, "FULL_BYTES", 0)
    monkeypatch.setattr(of_machine, "NEARLY_FULL_BYTES", 0)
    monkeypatch.setattr(of_machine, "NEARLY_FULL_PART", 0)
    (folder / "spool").mkdir()
    (folder / "spool" / f"{'a' * 32}.spool").touch()
    for examine in (of_machine.examine_data_folder, of_machine.examine_disk, of_machine.examine_spool, of_machine.examine_descriptors):
        assert list(examine()) == []


def test_a_folder_of_another_user_is_named_with_how_to_run_as_him(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("a folder is given to somebody else by root only")
    os.chown(folder, NOBODY, NOBODY)
    [found] = of_machine.examine_data_folder()
    assert "belongs to nobody, and this command runs as root" in found.what and "sudo -u nobody" in found.remedy


def test_a_folder_that_takes_no_writes_is_an_error(settings) -> None:
    settings.DATA_DIR = Path("/proc/self")
    found = list(of_machine.examine_data_folder())[-1]
    assert found.severity is Severity.ERROR and "Nothing can be written to DATA_DIR=/proc/self" in found.what


@pytest.mark.parametrize(("free", "severity"), [(50 << 20, "error"), (800 << 20, "warning"), (5 << 30, "warning"), (50 << 30, "")])
def test_a_disk_that_fills_is_told_in_time(monkeypatch: pytest.MonkeyPatch, free: int, severity: str) -> None:
    usage = SimpleNamespace(total=500 << 30 if free == 5 << 30 else 100 << 30, free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    assert [found.severity for found in of_machine.examine_disk()] == ([severity] if severity else [])


def test_what_killed_processes_left_is_told_once_it_is_old(folder: Path) -> None:
    (folder / "spool").mkdir()
    for name in ("a.damaged", "b.spool", "c.spool"):
        (folder / "spool" / name).touch()
    os.utime(folder / "spool" / "b.spool", (time.time() - 3600,) * 2)
    damaged, left = of_machine.examine_spool()
    assert "1 file" in damaged.what and "1 killed process" in left.what and left.severity is Severity.ERROR


def test_few_descriptors_are_told_with_what_they_mean(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EMBEDDED = False
    monkeypatch.setattr(of_machine, "limits_of_running", lambda: [(7, 1024)])
    [found] = of_machine.examine_descriptors()
    assert "1024 files open: it takes 349 gateways' sockets" in found.what and "LimitNOFILE" in found.remedy


def test_a_process_that_serves_is_found_by_its_command_line() -> None:
    """Of this test's own there is none, and no other may be taken for one."""
    assert os.getpid() not in dict(of_machine.limits_of_running())
