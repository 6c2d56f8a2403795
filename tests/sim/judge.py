"""Judges each commit: whoever changed something must have had the right to, and the change must be a legal move.

The judge sees the committed state before and after, and who did it. It knows the moves from `trainshed.states`, the
rules of retry from `tests.sim.model`, and when each heartbeat moved. What it cannot explain is a `Violation`. That is
more than to look whether the end is right: a superseded attempt that writes and is overwritten later is seen at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from db.leases import LEASE_S, Lease
from tests.sim.model import CLOCK_SLACK_S, MOVES, all_parents_succeeded, has_failed_parent, verdict
from tests.sim.snapshot import EMPTY, AttemptRow, EventRow, JobRow, Snapshot
from trainshed.specs import Retry
from trainshed.states import TERMINAL_STATES, Actor, AttemptOutcome, JobState

_MOVED_BY: Final = {
    "submit": {Actor.USER},
    "hold": {Actor.USER},
    "unhold": {Actor.USER},
    "cancel_requested": {Actor.USER},
    "pause_requested": {Actor.USER},
    "resume": {Actor.USER},
    "relabel": {Actor.USER},
    "reprioritise": {Actor.USER},
    "claim": {Actor.WORKER},
    "start": {Actor.WORKER},
    "release": {Actor.WORKER, Actor.RECONCILER},
    "pause": {Actor.WORKER, Actor.RECONCILER},
    "finish": {Actor.WORKER, Actor.RECONCILER},
    "expire": {Actor.RECONCILER},
    # What follows from the move of another job is done by whoever moved that one.
    "cancel": set(Actor),
    "unblock": set(Actor),
}
_LEFT_ALONE: Final = frozenset({"start", "cancel_requested", "pause_requested", "relabel", "reprioritise"})
"""Events that are no moves: the state stays."""


Outages = Sequence[tuple[float, float]]
"""From when to when, in order."""


class Violation(Exception):
    """A promise was broken."""


@dataclass(frozen=True, slots=True)
class Doer:
    """Who commits: kind, name, and the attempt on whose behalf it acts, if any."""

    actor: Actor
    name: str
    lease: Lease | None = None


class Judge:
    """Follows a database from commit to commit."""

    def __init__(self, retry_of: Callable[[str], Retry]) -> None:
        self.seen = EMPTY
        self._retry_of = retry_of
        self._retries: dict[str, Retry] = {}
        self._beaten_at: dict[tuple[str, int], float] = {}

    def begin_anew(self, seen: Snapshot) -> None:
        """Take this state for granted."""
        self.seen = seen
        self._retries.clear()
        self._beaten_at.clear()

    def see(self, after: Snapshot, doer: Doer, *, now: float, true_now: float, outages: Outages = ()) -> None:
        """Judge one commit. Raises `Violation`.

        `now` is the time by the database's clock, `true_now` by one that nobody moves; in `outages` the database was
        away for so long that no heartbeat could come, and none could be missed.
        """
        case = _Case(self.seen, after, doer, now, true_now, outages, self)
        case.judge()
        for job in after.jobs.values():
            before = self.seen.jobs.get(job.id)
            if before is None or (before.hb, before.attempt) != (job.hb, job.attempt):
                self._beaten_at[job.id, job.attempt] = true_now
        self.seen = after

    def retry_of(self, job_id: str) -> Retry:
        """Return the retry policy of a job."""
        if job_id not in self._retries:
            self._retries[job_id] = self._retry_of(job_id)
        return self._retries[job_id]

    def beaten_at(self, job_id: str, attempt: int) -> float:
        """Return when the heartbeat of an attempt moved last, by the clock that nobody moves."""
        return self._beaten_at[job_id, attempt]


@dataclass(slots=True)
class _Case:
    before: Snapshot
    after: Snapshot
    doer: Doer
    now: float
    true_now: float
    outages: Outages
    judge_: Judge

    def judge(self) -> None:
        before, after = self.before, self.after
        for job_id in before.jobs.keys() - after.jobs.keys():
            self._refuse(f"{job_id} is gone")
        self._only_added(before.events, after.events, "an event")
        self._only_added(before.chunks, after.chunks, "a log chunk")
        for job in after.jobs.values():
            old = before.jobs.get(job.id)
            if old is None:
                self._made(job)
            elif old != job:
                self._changed(old, job)
        self._attempts()
        self._points()
        self._logs()
        self._artifacts()
        self._keys()

    # --- jobs ---

    def _made(self, job: JobRow) -> None:
        self._demand(MOVES["submit"].allows(None, JobState(job.state)), f"{job.id} was made {job.state}")
        self._demand(self.doer.actor is Actor.USER, f"{job.id} was not made by a user")
        self._demand(self.doer.lease is None, f"{job.id} was made by an attempt")
        self._demand((job.attempt, job.hb, job.event_seq) == (0, 0, 1), f"{job.id} is not new: {job}")
        waits = not all_parents_succeeded(self.after, job.id)
        self._demand(
            (job.state == JobState.BLOCKED) == waits, f"{job.id} is {job.state}, and its parents say otherwise"
        )
        self._event(job.id, 1, None, job)

    def _changed(self, old: JobRow, new: JobRow) -> None:
        self._demand(old.state not in TERMINAL_STATES or _as_ended(old) == _as_ended(new), f"{new.id} had ended: {new}")
        state: str | None = old.state
        for seq in range(old.event_seq + 1, new.event_seq + 1):
            state = self._event(new.id, seq, state, new)
        self._demand(state == new.state, f"{new.id} went from {old.state} to {new.state} without an event")
        if new.event_seq == old.event_seq:
            self._silent_change(old, new)
        else:
            self._demand(new.version > old.version, f"{new.id} changed and kept its version")
        self._shape(new)

    def _silent_change(self, old: JobRow, new: JobRow) -> None:
        """Without an event only a heartbeat, a report or a hint may have come."""
        same = {"event_seq", "version", "hb", "lease_expires_at", "hinted_at"}
        for name in JobRow._fields:
            if name not in same:
                self._demand(getattr(old, name) == getattr(new, name), f"{new.id}: {name} changed without an event")
        if new.hb != old.hb or new.lease_expires_at != old.lease_expires_at:
            self._authority(old, "beats for")
            self._demand(
                abs((new.lease_expires_at or 0) - self.now - LEASE_S) < CLOCK_SLACK_S, f"{new.id} has an odd lease"
            )
        if new.hinted_at != old.hinted_at:
            self._demand(self.doer.actor is Actor.RECONCILER, f"{new.id} was hinted by {self.doer}")
            due = old.state == JobState.QUEUED and old.not_before <= self.now + CLOCK_SLACK_S
            self._demand(due, f"{new.id} was hinted, and nobody may claim it")
            waited = old.hinted_at < self.now - 5 + CLOCK_SLACK_S or old.hinted_at < old.not_before
            self._demand(waited, f"{new.id} was hinted again too soon")

    def _event(self, job_id: str, seq: int, state: str | None, new: JobRow) -> str:
        event = self.after.events.get((job_id, seq))
        if event is None:
            self._refuse(f"event {seq} of {job_id} is missing")
        self._demand(event.actor == self.doer.actor, f"{event} was written by {self.doer}")
        self._demand(self.doer.actor in _MOVED_BY[event.type], f"{event} is not for {self.doer}")
        if event.type in _LEFT_ALONE:
            self._demand(event.state == state, f"{event} moved the job from {state}")
        else:
            source = None if state is None else JobState(state)
            self._demand(
                MOVES[event.type].allows(source, JobState(event.state)), f"{event} is no legal move from {state}"
            )
        check = _CHECKS.get(event.type)
        if check is not None and state is not None:
            check(self, self.before.jobs[job_id], new, event)
        return event.state

    def _shape(self, job: JobRow) -> None:
        """The columns that go with a state."""
        runs = job.state == JobState.RUNNING
        self._demand(runs == (job.owner is not None) == (job.lease_expires_at is not None), f"{job.id} is misshapen")
        ended = job.state in TERMINAL_STATES
        self._demand(ended == (job.finished_at is not None), f"{job.id} is misshapen: {job}")
        self._demand(job.state == JobState.BLOCKED or not job.held, f"{job.id} is {job.state} and held")
        self._demand(runs or job.request is None, f"{job.id} is {job.state} and asked to {job.request}")

    # --- moves ---

    def _claimed(self, old: JobRow, new: JobRow, event: EventRow) -> None:
        self._demand(new.owner == self.doer.name, f"{new.id} was claimed for another worker")
        self._demand(new.attempt == old.attempt + 1, f"{new.id} skipped an attempt")
        self._demand(old.not_before <= self.now + CLOCK_SLACK_S, f"{new.id} was claimed before its time")
        self._demand(new.request is None, f"{new.id} begins with a request")
        attempt = self.after.attempts.get((new.id, new.attempt))
        self._demand(attempt is not None and attempt.worker_id == new.owner, f"{new.id} runs without its attempt")
        left = [key for key in self.after.points if key[0] == new.id]
        self._demand(not left, f"{new.id} begins again and kept points: {left}")

    def _left_worker(self, old: JobRow, new: JobRow, event: EventRow) -> None:
        self._demand(old.state == JobState.RUNNING, f"{new.id} was not running")
        if self.doer.actor is Actor.WORKER:
            self._authority(old, "ends")
            self._demand(self.doer.lease is not None, f"{new.id} was ended by a worker that did not run it")
        else:
            self._reaped(old)
        closed = self.after.attempts[old.id, old.attempt]
        outcome = AttemptOutcome(closed.outcome)
        due = verdict(old, outcome, self.judge_.retry_of(old.id), self.before.attempts)
        self._demand(event.state == due.state, f"{old.id} ended {outcome} and became {event.state}, not {due.state}")
        self._demand(
            bool(closed.charged) == due.charged, f"{old.id}: a {outcome} attempt was charged: {closed.charged}"
        )
        if due.state is JobState.QUEUED:
            waits_s = new.not_before - (new.queued_at or 0)
            in_time = due.shortest_wait_s - CLOCK_SLACK_S <= waits_s <= due.longest_wait_s + CLOCK_SLACK_S
            self._demand(in_time, f"{old.id} ended {outcome} and waits {waits_s} s")

    def _reaped(self, old: JobRow) -> None:
        still_s = _longest_look(self.judge_.beaten_at(old.id, old.attempt), self.true_now, self.outages)
        self._demand(still_s >= LEASE_S - CLOCK_SLACK_S, f"{old.id} was reaped {still_s:.1f} s after a heartbeat")

    def _cancelled(self, old: JobRow, new: JobRow, event: EventRow) -> None:
        if event.reason == "dependency_failed":
            self._demand(has_failed_parent(self.after, new.id), f"{new.id} fell, and what it needs did not fail")
        else:
            self._demand(self.doer.actor is Actor.USER, f"{new.id} was cancelled by {self.doer}")
        self._demand(not new.held, f"{new.id} has ended and is held")

    def _unblocked(self, old: JobRow, new: JobRow, event: EventRow) -> None:
        self._demand(all_parents_succeeded(self.after, new.id), f"{new.id} was queued before what it needs succeeded")
        self._demand(not new.held, f"{new.id} is held and was queued")
        self._demand(not old.held or self._was_let_go(old, new), f"{new.id} was held and was queued")

    def _was_let_go(self, old: JobRow, new: JobRow) -> bool:
        seqs = range(old.event_seq + 1, new.event_seq + 1)
        return any(self.after.events[new.id, seq].type == "unhold" for seq in seqs)

    def _held(self, old: JobRow, new: JobRow, event: EventRow) -> None:
        self._demand(not old.held, f"{new.id} was held twice")

    def _unheld(self, old: JobRow, new: JobRow, event: EventRow) -> None:
        self._demand(old.held, f"{new.id} was let go, and nobody held it")

    def _expired(self, old: JobRow, new: JobRow, event: EventRow) -> None:
        late = old.queue_timeout_s is not None and (old.queued_at or 0) + old.queue_timeout_s < self.now + CLOCK_SLACK_S
        self._demand(late, f"{new.id} has not waited for too long: {old}")

    def _asked(self, old: JobRow, new: JobRow, event: EventRow) -> None:
        self._demand(old.state == JobState.RUNNING, f"{new.id} does not run and was asked to end")
        self._demand(old.request != "cancel", f"{new.id} was asked to end twice")
        self._demand(new.request == "cancel", f"{new.id} was not asked to end")

    def _started(self, old: JobRow, new: JobRow, event: EventRow) -> None:
        self._authority(old, "starts")
        self._demand(self.doer.lease is not None, f"{new.id} was started by a worker that does not run it")

    # --- what belongs to attempts ---

    def _attempts(self) -> None:
        before, after = self.before.attempts, self.after.attempts
        for key in before.keys() - after.keys():
            self._refuse(f"attempt {key} is gone")
        for key, attempt in after.items():
            old = before.get(key)
            if old == attempt:
                continue
            job = self.after.jobs[key[0]]
            is_open = attempt.outcome == AttemptOutcome.RUNNING
            runs_it = job.state == JobState.RUNNING and job.attempt == attempt.number
            self._demand(is_open == runs_it, f"attempt {key} is {attempt.outcome}, its job {job.state} {job.attempt}")
            self._demand(is_open == (attempt.ended_at is None), f"attempt {key} is misshapen")
            if old is not None and old.outcome != AttemptOutcome.RUNNING:
                self._demand(_but_for_log(old) == _but_for_log(attempt), f"attempt {key} had ended: {attempt}")
        for job in self.after.jobs.values():
            if job is not self.before.jobs.get(job.id) and job.state == JobState.RUNNING:
                attempt_ = after.get((job.id, job.attempt))
                runs = attempt_ is not None and attempt_.outcome == AttemptOutcome.RUNNING
                self._demand(runs, f"{job.id} runs, and its attempt {attempt_} does not")

    def _points(self) -> None:
        before, after = self.before, self.after
        if before.points == after.points and before.series == after.series:
            return
        for key, point in after.points.items():
            if before.points.get(key) != point:
                self._authority(before.jobs[key[0]], "reports points of")
                self._demand(point.attempt == before.jobs[key[0]].attempt, f"{point} is of another attempt")
        for job_id in {key[0] for key in before.points.keys() - after.points.keys()}:
            begun = after.jobs[job_id].attempt != before.jobs[job_id].attempt
            self._demand(begun, f"{job_id} lost points, and no attempt began")
        for key, series in after.series.items():
            if before.series.get(key) != series:
                steps = {step: row.value for (*of, step), row in after.points.items() if tuple(of) == key}
                newest = max(steps)
                latest = (series.last_step, series.last_value)
                self._demand(latest == (newest, steps[newest]), f"{series} does not end like its points")

    def _logs(self) -> None:
        fresh = self.after.chunks.keys() - self.before.chunks.keys()
        for job_id, number, start in fresh:
            attempt = self.after.attempts[job_id, number]
            mine = self.doer.actor is Actor.WORKER and attempt.worker_id == self.doer.name
            self._demand(mine or self._takes_over(attempt), f"{attempt} has a log by {self.doer}")
            old = self.before.attempts.get((job_id, number))
            self._demand(start >= (0 if old is None else old.log_bytes), f"{attempt} wrote its log again at {start}")
        for key, attempt in self.after.attempts.items():
            if self.before.attempts.get(key) != attempt or fresh:
                self._whole_log(key, attempt)

    def _whole_log(self, key: tuple[str, int], attempt: AttemptRow) -> None:
        end = 0
        for (*of, start), chunk in sorted(self.after.chunks.items()):
            if tuple(of) == key:
                self._demand(start == end, f"the log of {key} has a gap or an overlap at {end}: {chunk}")
                end = start + chunk.length
        self._demand(end == attempt.log_bytes, f"the log of {key} has {end} bytes and says {attempt.log_bytes}")

    def _takes_over(self, attempt: AttemptRow) -> bool:
        """A worker hands in what a dead one left on their disk, in the dead one's name."""
        return self.doer.actor is Actor.WORKER and self.doer.lease is None

    def _artifacts(self) -> None:
        for key, artifact in self.after.artifacts.items():
            if self.before.artifacts.get(key) != artifact:
                self._authority(self.before.jobs[key[0]], "lists artifacts of")
                self._demand(artifact.attempt == self.before.jobs[key[0]].attempt, f"{artifact} is of another attempt")

    def _keys(self) -> None:
        for key, old in self.before.keys.items():
            new = self.after.keys.get(key)
            expired = old.created_at < self.now - 86_400 + CLOCK_SLACK_S
            self._demand(expired or new == old, f"the answer under {key} changed: {old} to {new}")

    # --- authority ---

    def _authority(self, job: JobRow, does: str) -> None:
        """Whoever writes for an attempt must hold the job, as it was committed before."""
        doer = self.doer
        holds = doer.actor is Actor.WORKER and job.state == JobState.RUNNING and job.owner == doer.name
        same = doer.lease is None or doer.lease == Lease(job.id, job.attempt, doer.name)
        self._demand(holds and same, f"{doer} {does} {job.id}, which is {job.state} {job.attempt} of {job.owner}")

    def _only_added(self, before: Mapping[Any, Any], after: Mapping[Any, Any], what: str) -> None:
        if not before.items() <= after.items():
            self._refuse(f"{what} changed or went: {dict(before.items() - after.items())}")

    def _demand(self, holds: object, otherwise: str) -> None:
        if not holds:
            self._refuse(otherwise)

    def _refuse(self, why: str) -> NoReturn:
        raise Violation(f"{why} [{self.doer}]")


def _longest_look(since: float, until: float, outages: Outages) -> float:
    """Return for how long at a stretch somebody could have seen that nothing moved."""
    longest, start = 0.0, since
    for began, ended in outages:
        if ended > start:
            longest, start = max(longest, began - start), ended
    return max(longest, until - start)


def _as_ended(job: JobRow) -> JobRow:
    return job._replace(version=0, event_seq=0)


def _but_for_log(attempt: AttemptRow) -> AttemptRow:
    return attempt._replace(log_bytes=0)


_CHECKS: Final[Mapping[str, Callable[[_Case, JobRow, JobRow, EventRow], None]]] = {
    "claim": _Case._claimed,
    "release": _Case._left_worker,
    "finish": _Case._left_worker,
    "pause": _Case._left_worker,
    "cancel": _Case._cancelled,
    "unblock": _Case._unblocked,
    "hold": _Case._held,
    "unhold": _Case._unheld,
    "expire": _Case._expired,
    "cancel_requested": _Case._asked,
    "start": _Case._started,
}
