"""What must hold when all is quiet again, of every job that was acknowledged."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from tests.chaos.client import ChaosClient
from tests.chaos.load import expected_digest, expected_log, is_training, label_of

TERMINAL: Final = frozenset({"succeeded", "failed", "cancelled"})
_PATIENCE_S: Final = 60.0
_QUIET_LOOKS: Final = 3
"""In a row: a list of several pages is no snapshot, and a job may move from one to another meanwhile."""


@dataclass(slots=True)
class Findings:
    """Counts of what must be 0, and examples of each."""

    acknowledged: int = 0
    jobs: int = 0
    attempts: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def note(self, kind: str, what: str) -> None:
        self.wrong[kind] += 1
        self.examples.setdefault(kind, what)


KINDS: Final = (
    "lost",
    "not succeeded",
    "completed twice",
    "not asked for",
    "terminal state changed",
    "wrong log",
    "wrong artifact",
    "wrong metric points",
    "wrong weights",
)
"""All of these must be 0."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What a training of the load comes to when nothing happens to it."""

    weights: str
    points: frozenset[tuple[str, int, float]]


class Checker:
    """Reads everything back through the API."""

    def __init__(self, client: ChaosClient, run: str) -> None:
        self._client = client
        self._run = run

    def await_quiet(self, within_s: float) -> bool:
        """Wait until every job of the run has ended."""
        deadline = time.monotonic() + within_s
        quiet = 0
        while quiet < _QUIET_LOOKS and time.monotonic() < deadline:
            quiet = 0 if self._listed(state=["blocked", "queued", "running", "paused"]) else quiet + 1
            time.sleep(1.0)
        return quiet == _QUIET_LOOKS

    def check(self, reference: Reference) -> tuple[Findings, list[dict[str, Any]]]:
        """Return what was found, and all jobs as the API shows them."""
        found, jobs = Findings(), []
        acknowledged = dict(self._client.history.acknowledged)
        for key, job_id in acknowledged.items():
            answer = self._get(f"/jobs/{job_id}")
            if answer.status_code == 404:
                found.note("lost", key)
                continue
            job = answer.json()
            jobs.append(job)
            self._check_one(key, job, reference, found)
        for job_id in {job["id"] for job in self._listed()} - set(acknowledged.values()):
            found.note("not asked for", job_id)
        found.acknowledged, found.jobs = len(acknowledged), len(jobs)
        return found, jobs

    def reference_of(self, job_id: str) -> Reference:
        """Return the reference that an undisturbed training gives."""
        facts = self._get(f"/jobs/{job_id}").json()["attempts"][-1]["facts"]
        return Reference(facts["weights_sha256"], self._points(job_id))

    def _check_one(self, key: str, job: dict[str, Any], reference: Reference, found: Findings) -> None:
        outcomes = [attempt["outcome"] for attempt in job["attempts"]]
        found.attempts.update(outcomes)
        if job["state"] != "succeeded":
            found.note("not succeeded", f"{job['id']} is {job['state']}: {job['reason']}, {job['message']}")
            return
        if outcomes.count("succeeded") != 1:
            found.note("completed twice", f"{job['id']}: {outcomes}")
        if self._times_ended(job["id"]) != 1:
            found.note("terminal state changed", job["id"])
        if is_training(int(key.rpartition("-")[2])):
            self._check_training(job, reference, found)
        else:
            self._check_program(key, job, found)

    def _check_program(self, key: str, job: dict[str, Any], found: Findings) -> None:
        last = job["attempts"][-1]["number"]
        log = self._get(f"/jobs/{job['id']}/logs", attempt=last).text
        if log != expected_log():
            found.note("wrong log", f"{job['id']}: {len(log)} characters, {log[-60:]!r}")
        content = self._get(f"/jobs/{job['id']}/artifacts/key.txt").content
        if hashlib.sha256(content).hexdigest() != expected_digest(key):
            found.note("wrong artifact", job["id"])

    def _check_training(self, job: dict[str, Any], reference: Reference, found: Findings) -> None:
        if job["attempts"][-1]["facts"].get("weights_sha256") != reference.weights:
            found.note("wrong weights", job["id"])
        points = self._points(job["id"])
        if points != reference.points:
            missing, surplus = len(reference.points - points), len(points - reference.points)
            found.note("wrong metric points", f"{job['id']}: {missing} missing, {surplus} too many")
        for artifact in self._get(f"/jobs/{job['id']}/artifacts").json()["items"]:
            content = self._get(f"/jobs/{job['id']}/artifacts/{artifact['path']}").content
            if hashlib.sha256(content).hexdigest() != artifact["sha256"]:
                found.note("wrong artifact", f"{job['id']}: {artifact['path']}")

    def _times_ended(self, job_id: str) -> int:
        events = self._get(f"/jobs/{job_id}/events", limit=1000).json()["items"]
        return sum(event["state"] in TERMINAL for event in events)

    def _points(self, job_id: str) -> frozenset[tuple[str, int, float]]:
        answer = self._get(f"/jobs/{job_id}/metrics").json()
        return frozenset(
            (series["name"], point["step"], point["value"])
            for series in answer["series"]
            if series["name"] != "epoch/seconds"
            for point in series["points"]
        )

    def _listed(self, **filters: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            more = {"cursor": cursor} if cursor else {}
            page = self._get("/jobs", label=label_of(self._run), limit=200, **filters, **more).json()
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    def _get(self, path: str, **parameters: Any) -> Any:
        return self._client.get(path, deadline=time.monotonic() + _PATIENCE_S, **parameters)
