"""A short round of `make resume-proof`, in a process of its own: it forks, and must not have run an operation."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(300)
def test_trainings_that_are_killed_at_random_end_as_if_they_were_not(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "tests.proofs.resume", "--cases", "3"]
    environment = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads((tmp_path / ".trainshed" / "proofs" / "resume.json").read_text())
    assert summary["cases"] == summary["equal"] == 3
    assert summary["kills"] >= 2
    assert summary["resumed"] >= 2
