"""Judges what a commit did to the belongings of attempts: points, checkpoints, logs, artifacts."""

from __future__ import annotations

from tests.sim.commit import Commit
from tests.sim.snapshot import AttemptRow
from trainshed.series import is_system
from trainshed.states import Actor, AttemptOutcome, JobState


class Belongings(Commit):
    """Who may write them, and what they must look like."""

    __slots__ = ()

    def belongings(self) -> None:
        """Raise `Violation`."""
        self._attempts()
        self._points()
        self._checkpoints()
        self._logs()
        self._artifacts()

    def _attempts(self) -> None:
        before, after = self.before.attempts, self.after.attempts
        for key in before.keys() - after.keys():
            self.refuse(f"attempt {key} is gone")
        for key, attempt in after.items():
            old = before.get(key)
            if old == attempt:
                continue
            job = self.after.jobs[key[0]]
            is_open = attempt.outcome == AttemptOutcome.RUNNING
            runs_it = job.state == JobState.RUNNING and job.attempt == attempt.number
            self.demand(is_open == runs_it, f"attempt {key} is {attempt.outcome}, its job {job.state} {job.attempt}")
            self.demand(is_open == (attempt.ended_at is None), f"attempt {key} is misshapen")
            if old is not None and old.outcome != AttemptOutcome.RUNNING:
                self.demand(_but_for_log(old) == _but_for_log(attempt), f"attempt {key} had ended: {attempt}")
        for job in self.after.jobs.values():
            if job is not self.before.jobs.get(job.id) and job.state == JobState.RUNNING:
                attempt_ = after.get((job.id, job.attempt))
                runs = attempt_ is not None and attempt_.outcome == AttemptOutcome.RUNNING
                self.demand(runs, f"{job.id} runs, and its attempt {attempt_} does not")

    def _points(self) -> None:
        before, after = self.before, self.after
        if before.points == after.points and before.series == after.series:
            return
        for key, point in after.points.items():
            if before.points.get(key) != point:
                self.authority(before.jobs[key[0]], "reports points of")
                self.demand(point.attempt == before.jobs[key[0]].attempt, f"{point} is of another attempt")
        self._dropped_points()
        changed = {key[:2] for key, _ in before.points.items() ^ after.points.items()}
        changed |= {key for key, _ in before.series.items() ^ after.series.items()}
        for key in changed:
            self._series(key)

    def _dropped_points(self) -> None:
        before, after = self.before, self.after
        gone = before.points.keys() - after.points.keys()
        for job_id in {key[0] for key in gone}:
            job = before.jobs[job_id]
            if after.jobs[job_id].attempt == job.attempt:
                self.demand(job.kind == "train", f"{job_id} lost points, and no attempt began")
                self.authority(job, "drops points of")
        for job_id, name, step in gone:
            self.demand(not is_system(name), f"{job_id} lost step {step} of {name}, which its worker measured")
            later = [key for key in after.points.keys() & before.points.keys() if key[:2] == (job_id, name)]
            beyond = all(key[2] < step for key in later)
            self.demand(beyond, f"{job_id} lost step {step} of {name}, and kept a later one")

    def _series(self, key: tuple[str, str]) -> None:
        steps = {step: row.value for (*of, step), row in self.after.points.items() if tuple(of) == key}
        series = self.after.series.get(key)
        if series is None:
            self.demand(not steps, f"{key} has points, and is not listed")
            return
        self.demand(steps, f"{series} is listed, and has no points")
        newest = max(steps)
        latest = (series.last_step, series.last_value)
        self.demand(latest == (newest, steps[newest]), f"{series} does not end like its points")

    def _checkpoints(self) -> None:
        before, after = self.before, self.after
        for key, checkpoint in after.checkpoints.items():
            if before.checkpoints.get(key) != checkpoint:
                job = before.jobs[key[0]]
                self.authority(job, "lists checkpoints of")
                self.demand(checkpoint.attempt == job.attempt, f"{checkpoint} is of another attempt")
        for job_id in {key[0] for key in before.checkpoints.keys() - after.checkpoints.keys()}:
            self.authority(before.jobs[job_id], "lets go of checkpoints of")
            latest = max(key for key in before.checkpoints if key[0] == job_id)
            kept = max((key for key in after.checkpoints if key[0] == job_id), default=None)
            nobody_goes_on = after.jobs[job_id].state in {JobState.SUCCEEDED, JobState.CANCELLED}
            has_latest = kept is not None and kept >= latest
            self.demand(has_latest or nobody_goes_on, f"{job_id} lost its latest checkpoint {latest}, and has {kept}")

    def _logs(self) -> None:
        fresh = self.after.chunks.keys() - self.before.chunks.keys()
        for job_id, number, start in fresh:
            attempt = self.after.attempts[job_id, number]
            mine = self.doer.actor is Actor.WORKER and attempt.worker_id == self.doer.name
            self.demand(mine or self._takes_over(attempt), f"{attempt} has a log by {self.doer}")
            old = self.before.attempts.get((job_id, number))
            self.demand(start >= (0 if old is None else old.log_bytes), f"{attempt} wrote its log again at {start}")
        for key, attempt in self.after.attempts.items():
            if self.before.attempts.get(key) != attempt or fresh:
                self._whole_log(key, attempt)

    def _whole_log(self, key: tuple[str, int], attempt: AttemptRow) -> None:
        end = 0
        for (*of, start), chunk in sorted(self.after.chunks.items()):
            if tuple(of) == key:
                self.demand(start == end, f"the log of {key} has a gap or an overlap at {end}: {chunk}")
                end = start + chunk.length
        self.demand(end == attempt.log_bytes, f"the log of {key} has {end} bytes and says {attempt.log_bytes}")

    def _takes_over(self, attempt: AttemptRow) -> bool:
        """A worker hands in what a dead one left on their disk, in the dead one's name."""
        return self.doer.actor is Actor.WORKER and self.doer.lease is None

    def _artifacts(self) -> None:
        for key, artifact in self.after.artifacts.items():
            if self.before.artifacts.get(key) != artifact:
                self.authority(self.before.jobs[key[0]], "lists artifacts of")
                self.demand(artifact.attempt == self.before.jobs[key[0]].attempt, f"{artifact} is of another attempt")


def _but_for_log(attempt: AttemptRow) -> AttemptRow:
    return attempt._replace(log_bytes=0)
