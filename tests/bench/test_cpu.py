"""Both ways to count CPU seconds see what a process and its children used, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench import cpu

BURN_S = 0.2
BURN = f"""
import os, time
pid = os.fork()
while time.process_time() < {BURN_S}: pass
if pid: os.wait(); print(flush=True), os.read(0, 1)
"""


@contextmanager
def burning(meter: cpu.CpuMeter) -> Iterator[None]:
    """Start a process that uses BURN_S, and so does its child; both have done so inside of the block."""
    with meter.entered():
        program = subprocess.Popen([sys.executable, "-c", BURN], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert program.stdin is not None
    assert program.stdout is not None
    with program:
        program.stdout.readline()
        yield
        program.stdin.close()


@pytest.mark.parametrize("groups", [True, False])
def test_what_a_process_and_its_children_use_is_counted(monkeypatch, tmp_path, groups):
    if not groups:
        monkeypatch.setattr(cpu, "_CPUACCT", tmp_path / "missing")
    with cpu.cpu_meter("test") as meter, burning(meter):
        assert meter.seconds() > 1.5 * BURN_S  # more than one of the two; /proc counts in ticks


@pytest.mark.parametrize("groups", [True, False])
def test_what_this_process_does_outside_is_not_counted(monkeypatch, tmp_path, groups):
    if not groups:
        monkeypatch.setattr(cpu, "_CPUACCT", tmp_path / "missing")
    with cpu.cpu_meter("test") as meter:
        until = time.process_time() + BURN_S
        while time.process_time() < until:
            pass
        assert meter.seconds() < BURN_S / 2
