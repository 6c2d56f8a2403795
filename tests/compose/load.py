"""The jobs that a run submits, through the published port and with the Python client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from trainshed import Client, Job, wire

SHORT_S: Final = 2.0
LONG_S: Final = 15.0

_COMMAND: Final = (
    "echo $TRAINSHED_JOB_ID; sleep {seconds}; printf '%s' $TRAINSHED_JOB_ID > $TRAINSHED_OUTPUT_DIR/id.txt"
)
_TRAINING: Final[dict[str, Any]] = {
    "kind": "train",
    "name": "digits",
    "data": {"dataset": "builtin/digits"},
    "preprocess": [{"step": "rescale", "scale": 0.0625}, {"step": "resize", "height": 24, "width": 24}],
    "model": {"family": "image_classifier", "preset": "cnn_bn"},
    # Small batches: two epochs that last long enough for a worker to leave in the middle.
    "training": {"epochs": 2, "batch_size": 4},
    "checkpoint": {"every_steps": 50},
    "priority": 10,
}


class Load:
    """Submits jobs and knows them all."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.commands: list[str] = []
        self.trainings: list[str] = []
        self.others: list[str] = []
        self.uncounted: set[str] = set()
        """Workers whose last counts may be missing: of a release before, or killed."""

    @property
    def all(self) -> list[str]:
        return self.commands + self.trainings

    def run_shell(self, command: str) -> Job:
        """Submit a program that is not among those that are read back."""
        job = self._submit_shell(command)
        self.others.append(job.id)
        return job

    def add_commands(self, count: int, *, seconds: float) -> list[str]:
        """Submit programs that print and write the identifier of their job."""
        added = [self._submit_shell(_COMMAND.format(seconds=seconds)).id for _ in range(count)]
        self.commands += added
        return added

    def add_trainings(self, count: int) -> list[str]:
        """Submit trainings that go before the programs."""
        added = [self.client.submit(_TRAINING).id for _ in range(count)]
        self.trainings += added
        return added

    def attempts(self) -> list[wire.Attempt]:
        return self.attempts_of(self.all)

    def attempts_of(self, job_ids: Sequence[str]) -> list[wire.Attempt]:
        return [attempt for job_id in job_ids for attempt in self.client.get(job_id).attempts]

    def running(self, job_ids: Sequence[str]) -> list[Job]:
        return [job for job in map(self.client.get, job_ids) if job.state == "running"]

    def active_workers(self) -> list[str]:
        return [worker.name for worker in self.client.workers() if worker.state == "active"]

    def _submit_shell(self, command: str) -> Job:
        return self.client.submit({"kind": "command", "name": "compose", "command": ["sh", "-c", command]})
