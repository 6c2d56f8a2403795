"""One way to run workload W, kept open over the rounds of a comparison."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cpu import CpuMeter, cpu_meter
from bench.workload import evaluate_spec, train_spec
from tests.system.platform import Platform

CHECKOUT = Path(__file__).parents[1]
_WAIT_S = 600.0


@dataclass(frozen=True)
class Round:
    """So many jobs, from the first submit until the client knows of the last end."""

    jobs: int
    wall_s: float
    cpu_s: float
    outputs: tuple[dict[str, Any], ...]


class Arm:
    """Runs jobs and counts what they took."""

    def __init__(self, name: str, run: Callable[[int], list[dict[str, Any]]], meter: CpuMeter) -> None:
        self.name = name
        self._run = run
        self._meter = meter

    def round(self, jobs: int) -> Round:
        with self._meter.entered():
            cpu, began = self._meter.seconds(), time.perf_counter()
            outputs = self._run(jobs)
            wall = time.perf_counter() - began
            return Round(jobs, wall, self._meter.seconds() - cpu, tuple(outputs))


@contextmanager
def program_arm(name: str, argv: list[str], *, folder: Path, env: dict[str, str] | None = None) -> Iterator[Arm]:
    """Start one of `bench.arms` and wait until it is ready; end it and what it started afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "PATH": f"{Path(argv[0]).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(CHECKOUT),
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "PYTHONUNBUFFERED": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    readable, writable = os.pipe()
    with cpu_meter(name) as meter, (folder / "log").open("wb") as log, open(readable) as answers:  # noqa: PTH123
        with meter.entered():
            program = subprocess.Popen(
                argv,
                env=settings | {"ANSWERS": str(writable)} | (env or {}),
                cwd=CHECKOUT,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                text=True,
                pass_fds=(writable,),
            )
        os.close(writable)
        assert program.stdin is not None
        questions = program.stdin

        def ask(jobs: int) -> list[dict[str, Any]]:
            questions.write(f"{jobs}\n")
            questions.flush()
            return _answer(answers.readline(), name, folder)

        try:
            assert _answer(answers.readline(), name, folder) == "ready"
            yield Arm(name, ask, meter)
        finally:
            questions.close()
            program.wait(_WAIT_S)


def _answer(line: str, name: str, folder: Path) -> Any:
    if not line:
        text = (folder / "log").read_text(errors="replace")
        raise RuntimeError(f"the arm {name} ended:\n{text[-2_000:]}")
    return json.loads(line)


def trainshed_arm(name: str, platform: Platform, data: Path, meter: CpuMeter) -> Arm:
    """Return the arm that submits W to a platform: a train job and the evaluation that waits for it."""

    def run(jobs: int) -> list[dict[str, Any]]:
        evaluations = []
        for _ in range(jobs):
            trained = platform.submit(train_spec(data))
            evaluations.append(platform.submit(evaluate_spec(trained)))
        return [_output(platform, job) for job in evaluations]

    return Arm(name, run, meter)


def _output(platform: Platform, job_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + _WAIT_S
    while time.monotonic() < deadline:
        job = platform.http.get(f"/jobs/{job_id}", params={"wait": "30s"}).json()
        if job["state"] == "succeeded":
            facts = job["attempts"][-1]["facts"]
            metrics = facts["metrics"]
            return {"accuracy": metrics["accuracy"], "loss": metrics["loss"], "weights": facts.get("weights_sha256")}
        if job["state"] in {"failed", "cancelled"}:
            raise RuntimeError(f"{job_id} is {job['state']}:\n{platform.log(job_id)[-2_000:]}")
    raise TimeoutError(f"{job_id} has not ended within {_WAIT_S} s")
