"""Judges a waiting job rule by rule, as the claim does, and says what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row

from db.queries import obstacles
from trainshed.explanation import Fit, Rule, RuleName
from trainshed.states import JobState

_SEEN_WITHIN_S: Final = 60.0
_NOT_JUDGED: Final = "Not judged: a rule before it does not hold."


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found of a waiting job."""

    rules: tuple[Rule, ...]
    workers: tuple[Fit, ...]
    ahead: int | None
    ahead_is_more: bool

    @property
    def broken(self) -> Rule | None:
        """The first rule that does not hold."""
        return next((rule for rule in self.rules if rule.holds is False), None)


def judge(conn: Connection, job: Row[Any]) -> Judged:
    """Judge a job that is blocked or queued."""
    fits = obstacles.list_fits(conn, job.id, seen_within_s=_SEEN_WITHIN_S)
    ahead = obstacles.count_ahead(conn, job.id) if job.state == JobState.QUEUED else None
    is_more = ahead is not None and ahead >= obstacles.MOST_AHEAD
    rules = [
        _not_held(job),
        _dependencies(conn, job),
        _not_before(conn, job),
        *_of_workers(job, fits, too_many=is_more),
    ]
    return Judged(tuple(_until_broken(rules)), tuple(_fit(job, row, too_many=is_more) for row in fits), ahead, is_more)


def _until_broken(rules: Sequence[Rule]) -> Iterator[Rule]:
    broken = False
    for rule in rules:
        yield Rule(name=rule.name, holds=None, message=_NOT_JUDGED) if broken and rule.holds is None else rule
        broken = broken or rule.holds is False


def _not_held(job: Row[Any]) -> Rule:
    if job.held:
        return Rule(
            name=RuleName.NOT_HELD,
            holds=False,
            message="A user holds it.",
            remedy=f"Release it: trainshed job release {job.id}",
        )
    return Rule(name=RuleName.NOT_HELD, holds=True, message="Nobody holds it.")


def _dependencies(conn: Connection, job: Row[Any]) -> Rule:
    needs = obstacles.list_needs(conn, job.id)
    open_ = [need for need in needs if need.state != JobState.SUCCEEDED]
    if not open_:
        message = "All jobs that it needs have succeeded." if needs else "It needs no other job."
        return Rule(name=RuleName.DEPENDENCIES, holds=True, message=message)
    named = ", ".join(f"{need.id} ({need.name}, {need.state})" for need in open_)
    return Rule(
        name=RuleName.DEPENDENCIES,
        holds=False,
        message=f"It needs {named}.",
        remedy=f"See what they wait for: trainshed job explain {open_[0].id}",
        facts={"needs": {need.id: need.state for need in open_}},
    )


def _not_before(conn: Connection, job: Row[Any]) -> Rule:
    time = obstacles.get_time(conn, job.id)
    if time.come:
        return Rule(name=RuleName.NOT_BEFORE, holds=True, message="Its time has come.")
    message = f"It waits {time.left_s:.0f} s more before the next attempt."
    return Rule(name=RuleName.NOT_BEFORE, holds=False, message=message, facts={"left_s": float(time.left_s)})


@dataclass(frozen=True, slots=True)
class _Sieve:
    """A rule that some workers satisfy and others do not."""

    name: RuleName
    passes: Callable[[Row[Any]], bool]
    holds: str
    fails: Callable[[Row[Any], Sequence[Row[Any]]], str]
    """Words about the job and the workers that passed all rules before."""
    remedy: str


def _takes(row: Row[Any]) -> bool:
    return bool(row.active and row.drain_fits)


def _large(row: Row[Any]) -> bool:
    return bool(row.cpus_would_fit and row.memory_would_fit and row.gpus_would_fit)


def _has_room(row: Row[Any]) -> bool:
    return bool(row.free_slots > 0 and row.cpus_fits and row.memory_fits and row.gpus_fits)


def _too_small(job: Row[Any], rows: Sequence[Row[Any]]) -> str:
    return f"It asks for {_asked(job)}; the most that a worker of the pool {job.pool} has is {_most(rows, 'all_')}."


def _busy(job: Row[Any], rows: Sequence[Row[Any]]) -> str:
    slots = sum(max(0, row.free_slots) for row in rows)
    total = sum(row.slots for row in rows)
    if slots == 0:
        return f"All {total} slots of the pool {job.pool} are busy."
    return f"It asks for {_asked(job)}; the most that is free on a worker now is {_most(rows, '')}."


def _most(rows: Sequence[Row[Any]], which: str) -> str:
    cpus = max(float(getattr(row, f"{which}cpus")) for row in rows)
    memory = max(int(getattr(row, f"{which}memory_bytes")) for row in rows)
    gpus = max(int(getattr(row, f"{which}gpus")) for row in rows)
    return f"{max(0.0, cpus):.3g} cpus, {max(0, memory) / 2**30:.3g} GiB of memory, {max(0, gpus)} gpus"


def _asked(job: Row[Any]) -> str:
    parts = (
        f"{job.cpus:g} cpus" if job.cpus else "one slot's share of the cpus",
        f"{job.memory_bytes / 2**30:.3g} GiB of memory" if job.memory_bytes else "",
        f"{job.gpus} gpus" if job.gpus else "",
    )
    return ", ".join(part for part in parts if part)


_SIEVES: Final = (
    _Sieve(
        RuleName.TAKES_JOBS,
        _takes,
        "Workers of its pool take jobs.",
        lambda job, rows: f"All {len(rows)} workers of the pool {job.pool} are draining.",
        "Let one take jobs again: trainshed worker resume WORKER, or start another.",
    ),
    _Sieve(
        RuleName.RUNS_COMMANDS,
        lambda row: bool(row.commands_fits),
        "A worker of its pool runs jobs of its kind.",
        lambda job, _: f"No worker of the pool {job.pool} runs {job.kind} jobs: none can hide its files from them.",
        "Start a worker with a sandbox, or with --allow-unisolated; or name another pool.",
    ),
    _Sieve(
        RuleName.LARGE_ENOUGH,
        _large,
        "A worker of its pool is large enough.",
        _too_small,
        "Clone it asking for less, name another pool, or start a larger worker.",
    ),
    _Sieve(RuleName.ROOM, _has_room, "A worker has room for it now.", _busy, "Wait, or start another worker."),
)


def _of_workers(job: Row[Any], fits: Sequence[Row[Any]], *, too_many: bool) -> Iterator[Rule]:
    yield _workers(job, fits)
    left = [*fits]
    for sieve in _SIEVES:
        before, left = left, [row for row in left if sieve.passes(row)]
        if left:
            yield Rule(name=sieve.name, holds=True, message=sieve.holds)
        elif before:
            yield Rule(name=sieve.name, holds=False, message=sieve.fails(job, before), remedy=sieve.remedy)
        else:
            yield Rule(name=sieve.name, holds=None, message=_NOT_JUDGED)
    yield _first(left, too_many=too_many)


def _workers(job: Row[Any], fits: Sequence[Row[Any]]) -> Rule:
    if fits:
        message = f"{len(fits)} workers serve the pool {job.pool}."
        return Rule(name=RuleName.WORKERS, holds=True, message=message, facts={"pool": job.pool, "workers": len(fits)})
    return Rule(
        name=RuleName.WORKERS,
        holds=False,
        message=f"No worker serves the pool {job.pool}.",
        remedy=f"Start one for it: TRAINSHED_SERVES={job.pool} python -m worker",
        facts={"pool": job.pool, "workers": 0},
    )


def _first(rows: Sequence[Row[Any]], *, too_many: bool) -> Rule:
    if not rows:
        return Rule(name=RuleName.FIRST, holds=None, message=_NOT_JUDGED)
    before = [row.first for row in rows if row.first is not None]
    if len(before) < len(rows) and not too_many:
        return Rule(name=RuleName.FIRST, holds=True, message="It is the first one that fits there.")
    if before:
        message = f"{before[0]} comes before it: a higher priority, or a longer wait."
    else:
        message = f"More than {obstacles.MOST_AHEAD:,} jobs are ahead of it, too many to look at each."
    return Rule(
        name=RuleName.FIRST,
        holds=False,
        message=message,
        remedy="Wait, raise its priority (trainshed job edit JOB --priority N), or start another worker.",
        facts={"before": before[0]} if before else {},
    )


def _fit(job: Row[Any], row: Row[Any], *, too_many: bool) -> Fit:
    rules = (*_of_workers(job, [row], too_many=too_many),)
    broken = next((rule for rule in rules if rule.holds is False), None)
    return Fit(
        worker_id=row.owner,
        worker_name=row.name,
        obstacle=None if broken is None else broken.name,
        message="Takes it when it looks next." if broken is None else broken.message,
    )
