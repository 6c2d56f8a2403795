"""What a worker may share out follows the limits of its container, in both versions of cgroups."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker import machine

GIB = 2**30


@pytest.fixture
def cgroup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(machine, "_CGROUP", tmp_path)
    return tmp_path


def write(folder: Path, **files: str) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text + "\n")


def test_version_2_limits_cores_and_memory(cgroup: Path) -> None:
    write(cgroup, cpu__max="50000 100000", memory__max=str(3 * GIB))
    assert machine.available_cpus() == 0.5
    assert machine.available_memory() == 3 * GIB


def test_version_1_limits_cores_and_memory(cgroup: Path) -> None:
    write(cgroup / "cpu", cpu__cfs_quota_us="50000", cpu__cfs_period_us="100000")
    write(cgroup / "memory", memory__limit_in_bytes=str(3 * GIB))
    assert machine.available_cpus() == 0.5
    assert machine.available_memory() == 3 * GIB


def test_without_a_limit_the_machine_counts(cgroup: Path) -> None:
    everything = machine.available_cpus(), machine.available_memory()
    write(cgroup, cpu__max="max 100000", memory__max="max")
    assert (machine.available_cpus(), machine.available_memory()) == everything
    (cgroup / "cpu.max").unlink()
    write(cgroup / "cpu", cpu__cfs_quota_us="-1", cpu__cfs_period_us="100000")
    assert machine.available_cpus() == everything[0]


def test_slots_follow_cores_and_memory() -> None:
    assert machine.default_slots(1.0, 3 * GIB) == 1
    assert machine.default_slots(8.0, 6 * GIB) == 3
    assert machine.default_slots(0.5, GIB) == 1
