"""The training child: what becomes of a job is said in one result, and warm and cold children compute the same."""

from __future__ import annotations

import math
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ml.errors import Diverged
from tests.launch.jobs import Job, launch
from trainshed.states import AttemptOutcome
from worker import child, protocol
from worker.launch.launcher import LIGHT, ML, Zygote
from worker.protocol import FrameReader, Metrics, Progress, Result, Task

SPEC = {
    "kind": "train",
    "name": "tiny",
    "data": {"dataset": "builtin/digits"},
    "preprocess": [{"step": "resize", "height": 18, "width": 18}],
    "model": {"family": "image_classifier"},
    "training": {"epochs": 1, "batch_size": 256},
}


@pytest.fixture
def report() -> Iterator[tuple[child.ChannelReport, socket.socket]]:
    here, there = socket.socketpair()
    with here, there:
        made = child.ChannelReport(there)
        made.start()
        yield made, here


def _task(tmp_path: Path, spec: dict[str, Any]) -> Task:
    return Task(job_id="job_1", attempt=1, spec=spec, workdir=str(tmp_path), threads=1)


def _result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: BaseException | None, **summary: Any) -> Result:
    def run(*args: Any, **kwargs: Any) -> SimpleNamespace:
        if raised is not None:
            raise raised
        return SimpleNamespace(**{"metrics": {}, "facts": {}} | summary)

    monkeypatch.setattr(child, "run", run)
    here, there = socket.socketpair()
    with here, there:
        return child._outcome_of(_task(tmp_path, SPEC), child.ChannelReport(there))


NO_ROOM = "OSError: [Errno 28] No space left"


class ResourceExhaustedError(Exception):
    """Named as TensorFlow's."""


@pytest.mark.parametrize(
    ("raised", "outcome", "message"),
    [
        (Diverged("loss is NaN", facts={"step": 3}), AttemptOutcome.DIVERGED, "loss is NaN"),
        (MemoryError("no room"), AttemptOutcome.OUT_OF_MEMORY, "MemoryError: no room"),
        (ResourceExhaustedError("OOM"), AttemptOutcome.OUT_OF_MEMORY, "ResourceExhaustedError: OOM"),
        (
            OSError(28, "No space left"),
            AttemptOutcome.STORAGE_FAILED,
            f"The disk of the worker is full: {NO_ROOM}.",
        ),
        (OSError(2, "No such file"), AttemptOutcome.USER_ERROR, "FileNotFoundError: [Errno 2] No such file"),
        (KeyError("x"), AttemptOutcome.USER_ERROR, "KeyError: 'x'"),
        (ValueError("two\nlines"), AttemptOutcome.USER_ERROR, "ValueError: two lines"),
        (ValueError("no\0text \ud800"), AttemptOutcome.USER_ERROR, "ValueError: no\N{REPLACEMENT CHARACTER}text ?"),
    ],
)
def test_an_error_of_a_job_becomes_its_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: Exception, outcome: AttemptOutcome, message: str
) -> None:
    result = _result(tmp_path, monkeypatch, raised)

    assert (result.outcome, result.message) == (outcome, message)


def test_a_summary_that_cannot_be_sent_is_an_error_and_not_a_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _result(tmp_path, monkeypatch, None, metrics={"loss": math.nan}).outcome is AttemptOutcome.USER_ERROR


def test_facts_that_cannot_be_sent_do_not_hide_the_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = _result(tmp_path, monkeypatch, Diverged("loss is NaN", facts={"loss": math.nan}))

    assert (result.outcome, result.facts) == (AttemptOutcome.DIVERGED, {})


def test_a_spec_that_does_not_parse_is_the_users_error(tmp_path: Path) -> None:
    here, there = socket.socketpair()
    with here, there:
        result = child._outcome_of(_task(tmp_path, {"kind": "train"}), child.ChannelReport(there))

    assert result.outcome is AttemptOutcome.USER_ERROR


def test_points_are_sent_together_and_in_order(report: tuple[child.ChannelReport, socket.socket]) -> None:
    sender, channel = report
    for step in range(5):
        sender.metric("loss", step, 1.0 / (step + 1))
    sender.progress(fraction=0.5, epoch=1, epochs=2, step=5, steps=10, eta_s=None)
    sender.close()
    came = list(FrameReader().feed(channel.recv(65_536)))

    points = [point for frame in came if isinstance(frame, Metrics) for point in frame.points]
    assert points == [("loss", step, 1.0 / (step + 1)) for step in range(5)]
    assert [frame.step for frame in came if isinstance(frame, Progress)] == [5]


def test_a_value_that_is_not_finite_goes_to_the_log(
    report: tuple[child.ChannelReport, socket.socket], capsys: pytest.CaptureFixture[str]
) -> None:
    sender, channel = report
    sender.metric("loss", 7, math.nan)
    sender.metric("loss", 8, 1.0)
    sender.close()

    (frame,) = FrameReader().feed(channel.recv(65_536))
    assert frame == protocol.Metrics(points=(("loss", 8, 1.0),))
    assert "loss is nan at step 7" in capsys.readouterr().out


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Job]:
    """The same tiny job, forked from a warm zygote and started cold."""
    folder = tmp_path_factory.mktemp("trained")
    jobs = {}
    for flavour in (ML, LIGHT):
        with Zygote(flavour) as zygote:
            jobs[flavour.name] = job = launch(zygote, folder, task=SPEC, timeout_s=60)
            job.wait_for(Result, within_s=60)
            job.finish()
    return jobs


def test_a_tiny_model_is_trained(trained: dict[str, Job]) -> None:
    for job in trained.values():
        result = job.wait_for(Result)

        assert result.outcome is AttemptOutcome.SUCCEEDED, result
        assert job.has(Metrics)
        assert job.has(Progress)
        assert "epoch 1" in job.log


def test_a_forked_and_a_fresh_process_give_the_same_weights(trained: dict[str, Job]) -> None:
    warm, cold = (trained[name].wait_for(Result) for name in ("ml", "light"))

    assert warm.facts["weights_sha256"] == cold.facts["weights_sha256"]
    assert warm.metrics == cold.metrics
