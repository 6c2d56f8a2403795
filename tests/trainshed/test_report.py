"""`trainshed.report` in a program of a user: inside of a job and outside."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from trainshed import report
from worker.program_reports import ProgramReports
from worker.protocol import Metrics, Progress


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an attempt, in which this process seems to run."""
    monkeypatch.setenv("TRAINSHED_REPORT_FILE", str(tmp_path / "report.jsonl"))
    monkeypatch.setenv("TRAINSHED_OUTPUT_DIR", str(tmp_path / "output"))
    return tmp_path


def test_outside_of_a_job_each_call_does_nothing(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    report.metric("loss", 0.5, step=1)
    report.progress(0.5)
    report.artifact(tmp_path / "not there")

    assert not report.should_stop()
    assert not report.is_job()
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_worker_reads_what_was_reported(job: Path) -> None:
    report.metric("loss", 0.5, step=1)
    report.metric("loss", math.nan, step=2)
    report.progress(1.5, epoch=2, epochs=4, eta_s=1.5)

    reports = ProgramReports(job)
    assert list(reports.read()) == [
        Metrics(points=(("loss", 1, 0.5),)),
        Progress(fraction=1.0, epoch=2, epochs=4, eta_s=1.5),
    ]
    assert reports.left_out == 0


@pytest.mark.usefixtures("job")
@pytest.mark.parametrize(("name", "step"), [("", 1), ("a\nb", 1), ("x" * 201, 1), ("system/cpu", 1), ("loss", -1)])
def test_what_the_worker_would_not_take_is_an_error_at_once(name: str, step: int) -> None:
    with pytest.raises(ValueError, match=r"name:|step:"):
        report.metric(name, 0.5, step=step)


def test_an_artifact_is_a_copy_below_the_output_folder_and_nowhere_else(job: Path) -> None:
    file = job / "model.bin"
    file.write_bytes(b"weights")
    report.artifact(file, name="models/best.bin")

    assert (job / "output" / "models" / "best.bin").read_bytes() == b"weights"
    for name in ("../out", "/tmp/out"):
        with pytest.raises(ValueError, match="leads out"):
            report.artifact(file, name=name)


def test_should_stop_turns_the_signal_into_an_answer(job: Path) -> None:
    program = (
        "import os, signal\nfrom trainshed import report\nassert not report.should_stop()\n"
        "os.kill(os.getpid(), signal.SIGTERM)\nassert report.should_stop()\nprint('stopped by itself')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "stopped by itself\n"
    assert job.exists()


def test_lines_of_several_processes_do_not_mix(job: Path) -> None:
    program = "from trainshed import report\nfor step in range(200): report.metric('loss', 0.5, step=step)"
    running = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(3)]
    assert [each.wait(60) for each in running] == [0, 0, 0]

    lines = (job / "report.jsonl").read_text().splitlines()
    assert len([json.loads(line) for line in lines]) == 600
