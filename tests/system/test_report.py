"""A program of a user reports through its sandbox, on both databases."""

from __future__ import annotations

import sys

import pytest

from tests.system.platform import Platform

pytestmark = pytest.mark.timeout(180)

PROGRAM = """
import os
from pathlib import Path
from trainshed import report
assert not any(name.startswith("TRAINSHED_") and "TOKEN" in name for name in os.environ)
for step in range(3):
    report.metric("loss", 1 / (step + 1), step=step)
    report.progress((step + 1) / 3, step=step + 1, steps=3)
Path("notes.txt").write_text("kept")
report.artifact("notes.txt")
"""


def test_metrics_progress_and_artifacts_of_a_program_are_there_when_it_has_ended(platform: Platform) -> None:
    platform.start(workers=1, slots=1)
    job_id = platform.command(sys.executable, "-c", PROGRAM)
    job = platform.wait(job_id)

    assert job["state"] == "succeeded", platform.log(job_id)
    (series,) = platform.http.get(f"/jobs/{job_id}/metrics").json()["series"]
    assert [(point["step"], point["value"]) for point in series["points"]] == [(0, 1.0), (1, 0.5), (2, 1 / 3)]
    assert (job["progress"]["fraction"], job["progress"]["steps"]) == (1.0, 3)
    (artifact,) = platform.http.get(f"/jobs/{job_id}/artifacts").json()["items"]
    assert artifact["path"] == "notes.txt"
