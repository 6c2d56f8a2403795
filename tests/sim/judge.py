"""Judges each commit: whoever changed something must have had the right to, and the change must be a legal move.

The judge sees the committed state before and after, and who did it. It knows the moves from `trainshed.states`, the
rules of retry from `tests.sim.model`, and when each heartbeat moved. What it cannot explain is a `Violation`. That is
more than to look whether the end is right: a superseded attempt that writes and is overwritten later is seen at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from db.leases import LEASE_S
from tests.sim.belongings import Belongings
from tests.sim.commit import Doer, Outages
from tests.sim.model import CLOCK_SLACK_S, MOVES, all_parents_succeeded, has_failed_parent, verdict
from tests.sim.snapshot import EMPTY, EventRow, JobRow, Snapshot
from trainshed.series import is_system
from trainshed.specs import Retry
from trainshed.states import TERMINAL_STATES, Actor, AttemptOutcome, JobState

_MOVED_BY: Final = {
    "submit": {Actor.USER},
    "hold": {Actor.USER},
    "unhold": {Actor.USER},
    "resume": {Actor.USER},
    "cancel_requested": {Actor.USER},
    "pause_requested": {Actor.USER},
    "relabel": {Actor.USER},
    "reprioritise": {Actor.USER},
    "claim": {Actor.WORKER},
    "start": {Actor.WORKER},
    "release": {Actor.WORKER, Actor.RECONCILER},
    "finish": {Actor.WORKER, Actor.RECONCILER},
    "pause": {Actor.WORKER, Actor.RECONCILER},
    "expire": {Actor.RECONCILER},
    # What follows from the move of another job is done by whoever moved that one.
    "cancel": set(Actor),
    "unblock": set(Actor),
}
_LEFT_ALONE: Final = frozenset({"start", "cancel_requested", "pause_requested", "relabel", "reprioritise"})
"""Events that are no moves: the state stays."""


class Judge:
    """Follows a database from commit to commit."""

    def __init__(self, retry_of: Callable[[str], Retry]) -> None:
        self.seen = EMPTY
        self.met: set[str] = set()
        """The types of all events that were judged, whatever database they came from."""
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
        self.met |= {event.type for key, event in after.events.items() if key not in self.seen.events}
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
class _Case(Belongings):
    judge_: Judge

    def judge(self) -> None:
        before, after = self.before, self.after
        for job_id in before.jobs.keys() - after.jobs.keys():
            self.refuse(f"{job_id} is gone")
        self.only_added(before.events, after.events, "an event")
        self.only_added(before.chunks, after.chunks, "a log chunk")
        for job in after.jobs.values():
            old = before.jobs.get(job.id)
            if old is None:
                self._made(job)
            elif old != job:
                self._changed(old, job)
        self.belongings()
        self._keys()

    # --- jobs ---

    def _made(self, job: JobRow) -> None:
        self.demand(MOVES["submit"].allows(None, JobState(job.state)), f"{job.id} was made {job.state}")
        self.demand(self.doer.actor is Actor.USER, f"{job.id} was not made by a user")
        self.demand(self.doer.lease is None, f"{job.id} was made by an attempt")
        self.demand((job.attempt, job.hb, job.event_seq) == (0, 0, 1), f"{job.id} is not new: {job}")
        waits = not all_parents_succeeded(self.after, job.id)
        self.demand((job.state == JobState.BLOCKED) == waits, f"{job.id} is {job.state}, and its parents say otherwise")
        self._event(job.id, 1, None, job)

    def _changed(self, old: JobRow, new: JobRow) -> None:
        self.demand(old.state not in TERMINAL_STATES or _as_ended(old) == _as_ended(new), f"{new.id} had ended: {new}")
        state: str | None = old.state
        for seq in range(old.event_seq + 1, new.event_seq + 1):
            state = self._event(new.id, seq, state, new)
        self.demand(state == new.state, f"{new.id} went from {old.state} to {new.state} without an event")
        if new.event_seq == old.event_seq:
            self._silent_change(old, new)
        else:
            self.demand(new.version > old.version, f"{new.id} changed and kept its version")
        self._shape(new)

    def _silent_change(self, old: JobRow, new: JobRow) -> None:
        """Without an event only a heartbeat, a report or a hint may have come."""
        same = {"event_seq", "version", "hb", "lease_expires_at", "hinted_at"}
        for name in JobRow._fields:
            if name not in same:
                self.demand(getattr(old, name) == getattr(new, name), f"{new.id}: {name} changed without an event")
        if new.hb != old.hb or new.lease_expires_at != old.lease_expires_at:
            self.authority(old, "beats for")
            self.demand(
                abs((new.lease_expires_at or 0) - self.now - LEASE_S) < CLOCK_SLACK_S, f"{new.id} has an odd lease"
            )
        if new.hinted_at != old.hinted_at:
            self.demand(self.doer.actor is Actor.RECONCILER, f"{new.id} was hinted by {self.doer}")
            due = old.state == JobState.QUEUED and old.not_before <= self.now + CLOCK_SLACK_S
            self.demand(due, f"{new.id} was hinted, and nobody may claim it")
            waited = old.hinted_at < self.now - 5 + CLOCK_SLACK_S or old.hinted_at < old.not_before
            self.demand(waited, f"{new.id} was hinted again too soon")

    def _event(self, job_id: str, seq: int, state: str | None, new: JobRow) -> str:
        event = self.after.events.get((job_id, seq))
        if event is None:
            self.refuse(f"event {seq} of {job_id} is missing")
        self.demand(event.actor == self.doer.actor, f"{event} was written by {self.doer}")
        self.demand(self.doer.actor in _MOVED_BY[event.type], f"{event} is not for {self.doer}")
        if event.type in _LEFT_ALONE:
            self.demand(event.state == state, f"{event} moved the job from {state}")
        else:
            source = None if state is None else JobState(state)
            self.demand(
                MOVES[event.type].allows(source, JobState(event.state)), f"{event} is no legal move from {state}"
            )
        check = _CHECKS.get(event.type)
        if check is not None and state is not None:
            check(self, self.before.jobs[job_id], new, event)
        return event.state

    def _shape(self, job: JobRow) -> None:
        """The columns that go with a state."""
        runs = job.state == JobState.RUNNING
        self.demand(runs == (job.owner is not None) == (job.lease_expires_at is not None), f"{job.id} is misshapen")
        ended = job.state in TERMINAL_STATES
        self.demand(ended == (job.finished_at is not None), f"{job.id} is misshapen: {job}")
        self.demand(job.state == JobState.BLOCKED or not job.held, f"{job.id} is {job.state} and held")
        self.demand(runs or job.request is None, f"{job.id} is {job.state} and asked to {job.request}")

    # --- moves ---

    def _claimed(self, old: JobRow, new: JobRow, event: EventRow) -> None:
        self.demand(new.owner == self.doer.name, f"{new.id} was claimed for another worker")
        self.demand(new.attempt == old.attempt + 1, f"{new.id} skipped an attempt")
        self.demand(old.not_before <= self.now + CLOCK_SLACK_S, f"{new.id} was claimed before its time")
        self.demand(new.request is None, f"{new.id} begins with a request")
        attempt = self.after.attempts.get((new.id, new.attempt))
        self.demand(attempt is not None and attempt.worker_id == new.owner, f"{new.id} runs without its attempt")
        # A training says where it goes on when it starts, and drops what lies beyond then.
        # What its worker measured stays in any case.
        kept = [key for key in self.after.points if key[0] == new.id and not is_system(key[1])]
        left = [] if new.kind == "train" else kept
        self.demand(not left, f"{new.id} begins again and kept points: {left}")

    def _left_worker(self, old: JobRow, new: JobRow, event: EventRow) -> None:
        self.demand(old.state == JobState.RUNNING, f"{new.id} was not running")
        if self.doer.actor is Actor.WORKER:
            self.authority(old, "ends")
            self.demand(self.doer.lease is not None, f"{new.id} was ended by a worker that did not run it")
        else:
            self._reaped(old)
        closed = self.after.attempts[old.id, old.attempt]
        outcome = AttemptOutcome(closed.outcome)
        due = verdict(old, outcome, self.judge_.retry_of(old.id), self.before.attempts)
        self.demand(event.state == due.state, f"{old.id} ended {outcome} and became {event.state}, not {due.state}")
        self.demand(bool(closed.charged) == due.charged, f"{old.id}: a {outcome} attempt was charged: {closed.charged}")
        if due.state is JobState.QUEUED:
            waits_s = new.not_before - (new.queued_at or 0)
            in_time = due.shortest_wait_s - CLOCK_SLACK_S <= waits_s <= due.longest_wait_s + CLOCK_SLACK_S
            self.demand(in_time, f"{old.id} ended {outcome} and waits {waits_s} s")

    def _reaped(self, old: JobRow) -> None:
        still_s = _longest_look(self.judge_.beaten_at(old.id, old.attempt), self.true_now, self.outages)
        self.demand(still_s >= LEASE_S - CLOCK_SLACK_S, f"{old.id} was reaped {still_s:.1f} s after a heartbeat")

    def _cancelled(self, old: JobRow, new: JobRow, event: EventRow) -> None:
        if event.reason == "dependency_failed":
            self.demand(has_failed_parent(self.after, new.id), f"{new.id} fell, and what it needs did not fail")
        else:
            self.demand(self.doer.actor is Actor.USER, f"{new.id} was cancelled by {self.doer}")
        self.demand(not new.held, f"{new.id} has ended and is held")

    def _unblocked(self, old: JobRow, new: JobRow, event: EventRow) -> None:
        self.demand(all_parents_succeeded(self.after, new.id), f"{new.id} was queued before what it needs succeeded")
        self.demand(not new.held, f"{new.id} is held and was queued")
        self.demand(not old.held or self._was_let_go(old, new), f"{new.id} was held and was queued")

    def _was_let_go(self, old: JobRow, new: JobRow) -> bool:
        seqs = range(old.event_seq + 1, new.event_seq + 1)
        return any(self.after.events[new.id, seq].type == "unhold" for seq in seqs)

    def _held(self, old: JobRow, new: JobRow, event: EventRow) -> None:
        self.demand(not old.held, f"{new.id} was held twice")

    def _unheld(self, old: JobRow, new: JobRow, event: EventRow) -> None:
        self.demand(old.held, f"{new.id} was let go, and nobody held it")

    def _expired(self, old: JobRow, new: JobRow, event: EventRow) -> None:
        late = old.queue_timeout_s is not None and (old.queued_at or 0) + old.queue_timeout_s < self.now + CLOCK_SLACK_S
        self.demand(late, f"{new.id} has not waited for too long: {old}")

    def _asked(self, old: JobRow, new: JobRow, event: EventRow) -> None:
        self.demand(old.state == JobState.RUNNING, f"{new.id} does not run and was asked to end")
        self.demand(old.request != "cancel", f"{new.id} was asked to end twice")
        self.demand(new.request == "cancel", f"{new.id} was not asked to end")

    def _asked_to_pause(self, old: JobRow, new: JobRow, event: EventRow) -> None:
        self.demand(old.state == JobState.RUNNING, f"{new.id} does not run and was asked to pause")
        self.demand(old.request is None, f"{new.id} was asked to pause, and to {old.request} before")
        self.demand(new.request == "pause", f"{new.id} was not asked to pause")

    def _resumed(self, old: JobRow, new: JobRow, event: EventRow) -> None:
        self.demand(old.state == JobState.PAUSED, f"{new.id} was resumed and not paused")
        since = (new.queued_at or 0.0, new.not_before)
        self.demand(all(abs(each - self.now) < CLOCK_SLACK_S for each in since), f"{new.id} is not in the queue: {new}")

    def _started(self, old: JobRow, new: JobRow, event: EventRow) -> None:
        self.authority(old, "starts")
        self.demand(self.doer.lease is not None, f"{new.id} was started by a worker that does not run it")

    def _keys(self) -> None:
        for key, old in self.before.keys.items():
            new = self.after.keys.get(key)
            expired = old.created_at < self.now - 86_400 + CLOCK_SLACK_S
            self.demand(expired or new == old, f"the answer under {key} changed: {old} to {new}")


def _longest_look(since: float, until: float, outages: Outages) -> float:
    """Return for how long at a stretch somebody could have seen that nothing moved."""
    longest, start = 0.0, since
    for began, ended in outages:
        if ended > start:
            longest, start = max(longest, began - start), ended
    return max(longest, until - start)


def _as_ended(job: JobRow) -> JobRow:
    return job._replace(version=0, event_seq=0)


_CHECKS: Final[Mapping[str, Callable[[_Case, JobRow, JobRow, EventRow], None]]] = {
    "claim": _Case._claimed,
    "release": _Case._left_worker,
    "finish": _Case._left_worker,
    "pause": _Case._left_worker,
    "resume": _Case._resumed,
    "cancel": _Case._cancelled,
    "unblock": _Case._unblocked,
    "hold": _Case._held,
    "unhold": _Case._unheld,
    "expire": _Case._expired,
    "cancel_requested": _Case._asked,
    "pause_requested": _Case._asked_to_pause,
    "start": _Case._started,
}
