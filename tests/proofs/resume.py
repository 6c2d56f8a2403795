"""`make resume-proof N=50`: trainings that are killed at random moments end with the weights of one that was not.

Each case draws a recipe (dropout, batch normalisation, optimizer, schedule, augmentation, early stopping, averages) and
runs it once in peace, and once killed with SIGKILL one to five times: at random moments, and while a state is being
written. A killed one goes on from the latest state that is whole. Weights and every point of every series must be the
same.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ml.preload import preload
from ml.run import RunSettings, run
from tests.proofs.reports import write_report
from trainshed.specs import parse_spec

REPORT = Path(".trainshed/proofs/resume.json")
_LONGEST_S = 300.0
_STEPS_BETWEEN_STATES = 5


@dataclass(frozen=True)
class Outcome:
    """What became of one case."""

    case: int
    kills: int
    kills_while_writing: int
    resumed_from: tuple[int, ...]
    same_weights: bool
    same_series: bool

    @property
    def times_resumed(self) -> int:
        """Attempts that went on from a state."""
        return sum(step > 0 for step in self.resumed_from)

    @property
    def holds(self) -> bool:
        return self.same_weights and self.same_series


def document(case: int) -> dict[str, Any]:
    """Return the spec of a case."""
    draw = random.Random(case)
    training: dict[str, Any] = {
        "epochs": draw.randint(2, 4),
        "batch_size": draw.choice([32, 64]),
        "optimizer": draw.choice(["adam", "adamw", "sgd", "rmsprop", "lion"]),
        "schedule": {"shape": draw.choice(["cosine", "exponential", "step", "constant"]), "warmup_epochs": 0.5},
        "seed": case,
        "report_every_steps": draw.choice([3, 5]),
        "ema": draw.choice([None, 0.9]),
        "early_stopping": draw.choice([None, {"patience": 2}]),
        "steps_per_call": draw.choice([1, 3]),
        "feeding": draw.choice(["direct", "prefetch"]),
    }
    return {
        "kind": "train",
        "name": f"case-{case}",
        "data": {"dataset": "builtin/digits"},
        "preprocess": [
            {"step": "rescale", "scale": 0.0625},
            {"step": "resize", "height": 18, "width": 18},
            {"step": "random_translate", "height": 0.1, "width": 0.1},
            {"step": "cutout"},
        ],
        "model": {"family": "image_classifier", "preset": "cnn_bn", "dropout": 0.3},
        "training": training,
        "checkpoint": {"every_steps": _STEPS_BETWEEN_STATES, "keep_best": True},
    }


def prove(case: int, folder: Path) -> Outcome:
    """Run one case."""
    draw = random.Random(-case)
    began = time.monotonic()
    whole = _Job(case, folder / "whole")
    whole.finish()
    lasts_s = time.monotonic() - began
    killed = _Job(case, folder / "killed")
    kills = while_writing = 0
    for kill in range(draw.randint(1, 5)):
        if kill == 0 and case % 2:
            hit = killed.kill_with_a_state()  # however fast the machine is today, half of the cases have to go on
        elif draw.random() < 0.3:
            hit = killed.kill_while_writing(after_s=draw.uniform(0.0, lasts_s / 2))
            while_writing += hit
        else:
            hit = killed.kill_after(draw.uniform(0.1, 0.8) * lasts_s)
        kills += hit
        if not hit:
            break
    killed.finish()
    return Outcome(
        case,
        kills,
        while_writing,
        tuple(killed.origins),
        killed.digest == whole.digest,
        killed.points == whole.points,
    )


class _Job:
    """One training over all its attempts, as its supervisor sees it: the points that count, the states there are."""

    def __init__(self, case: int, folder: Path) -> None:
        self._case = case
        self._folder = folder
        self._attempt = 0
        self.points: dict[tuple[str, int], float] = {}
        self.origins: list[int] = []
        self.digest: str | None = None
        folder.mkdir(parents=True)

    def finish(self) -> None:
        """Run an attempt to its end."""
        self._wait(self._start(), killed_at=None)
        assert self.digest is not None, (self._told() or ["nothing was told"])[-1]

    def kill_after(self, seconds: float) -> bool:
        """Run an attempt and kill it after so long. False: it ended before."""
        return self._wait(self._start(), killed_at=time.monotonic() + seconds)

    def kill_with_a_state(self) -> bool:
        """Run an attempt and kill it as soon as a state is whole. False: it ended before."""
        return self._kill_at("*.state", after_s=0.0)

    def kill_while_writing(self, *, after_s: float) -> bool:
        """Run an attempt and kill it as soon as it writes a state. False: it ended before."""
        return self._kill_at(".*.part", after_s=after_s)

    def _kill_at(self, files: str, *, after_s: float) -> bool:
        pid, not_before = self._start(), time.monotonic() + after_s
        deadline = time.monotonic() + _LONGEST_S
        while not _has_ended(pid):
            assert time.monotonic() < deadline, "a training does not end"
            if time.monotonic() > not_before and any(self._checkpoints.glob(files)):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                self._take()
                return True
        self._take()
        return False

    @property
    def _checkpoints(self) -> Path:
        return self._folder / "checkpoints"

    def _start(self) -> int:
        self._attempt += 1
        states = sorted(self._checkpoints.glob("*.state"), reverse=True)
        pid = os.fork()
        if pid == 0:
            _train(document(self._case), self._folder, states, self._folder / f"told-{self._attempt}")
        return pid

    def _wait(self, pid: int, *, killed_at: float | None) -> bool:
        deadline = time.monotonic() + _LONGEST_S
        while not _has_ended(pid):
            assert time.monotonic() < deadline, "a training does not end"
            if killed_at is not None and time.monotonic() >= killed_at:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                break
            time.sleep(0.002)
        self._take()
        return self.digest is None

    def _take(self) -> None:
        """Take in what the attempt told: it drops what lies beyond its beginning, and the rest is added."""
        for kind, *said in self._told():
            if kind == "begun":
                step, epoch = said
                self.origins.append(step)
                self.points = {
                    (series, at): value
                    for (series, at), value in self.points.items()
                    if at <= (epoch if series.startswith("epoch/") else step)
                }
            elif kind == "point":
                series, at, value = said
                if series != "epoch/seconds":
                    self.points[series, at] = value
            else:
                self.digest = said[0]

    def _told(self) -> list[list[Any]]:
        path = self._folder / f"told-{self._attempt}"
        text = path.read_text() if path.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def _has_ended(pid: int) -> bool:
    ended, _ = os.waitpid(pid, os.WNOHANG)
    return ended == pid


class _Telling:
    """A report that writes each line out at once: what was told before a kill was told."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def tell(self, *said: Any) -> None:
        self._file.write(json.dumps(said).encode() + b"\n")

    def metric(self, series: str, step: int, value: float) -> None:
        self.tell("point", series, int(step), float(value))

    def begun(self, *, step: int, epoch: int, warnings: Sequence[str]) -> None:
        assert not warnings, warnings
        self.tell("begun", step, epoch)

    def progress(self, **values: Any) -> None:
        """Say nothing."""

    def message(self, text: str) -> None:
        """Say nothing."""

    def saved(self, path: Path, *, step: int) -> None:
        """Say nothing: the states are in the folder."""


def _train(spec: dict[str, Any], folder: Path, states: Sequence[Path], told: Path) -> NoReturn:
    """Be one attempt."""
    code = 1
    try:
        report = _Telling(told)
        settings = RunSettings(threads=1, data_roots=(), states=tuple(states))
        summary = run(parse_spec(spec), folder, report, settings=settings)
        report.tell("digest", summary.facts["weights_sha256"])
        code = 0
    finally:
        os._exit(code)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.resume", description=__doc__)
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--case", type=int, default=None, help="run this one alone")
    options = parser.parse_args()
    preload()
    outcomes = []
    for case in [options.case] if options.case is not None else range(1, options.cases + 1):
        folder = Path(tempfile.mkdtemp(prefix="trainshed-proof-"))
        outcomes.append(prove(case, folder))
        shutil.rmtree(folder)
        print(outcomes[-1], flush=True)
    failed = [each.case for each in outcomes if not each.holds]
    summary = {
        "cases": len(outcomes),
        "equal": len(outcomes) - len(failed),
        "kills": sum(each.kills for each in outcomes),
        "kills_while_writing": sum(each.kills_while_writing for each in outcomes),
        "resumed": sum(each.times_resumed for each in outcomes),
        "failed_cases": failed,
    }
    write_report(REPORT, summary)
    print(json.dumps(summary))
    for case in failed:
        print(f"again: python -m tests.proofs.resume --case {case}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
