"""Users of a simulated platform: each asks for a job until the answer comes, and may change his mind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from types import SimpleNamespace
from typing import Any

from api.auth.principal import Principal
from api.operations.cancel import cancel
from api.operations.change import Change, change
from api.operations.intake import Intake
from api.operations.orders import Accepted
from api.operations.pause import pause, resume
from db.engine import Database, DatabaseUnavailable
from tests.sim.commit import Violation
from tests.stateful.shed import POOLS, USER, order_of
from trainshed.errors import AlreadyFinished, Conflict, TrainshedError

Act = Callable[[Any, Principal, str], object]


def _hold(parts: Any, who: Principal, job: str) -> object:
    return change(parts, who, job, Change(hold=True))


def _release(parts: Any, who: Principal, job: str) -> object:
    return change(parts, who, job, Change(hold=False))


@dataclass(slots=True)
class Clients:
    """All users, and what they were told."""

    rng: Random
    database: Database
    publisher: Any
    sleep: Callable[[float], None]
    waiting: int = 0
    """How many are not done yet."""
    acknowledged: dict[str, str] = field(default_factory=dict)
    """The job that was answered to each request, by its name."""

    def live(self, name: str) -> None:
        """Be one of them."""
        self.sleep(self.rng.uniform(0.0, 20.0))
        job = self._ask(name, self._document(name))
        if job is not None:
            stories: tuple[list[Act], ...] = (
                *([], [], [cancel], [_hold, _release], [_hold, cancel]),
                *([pause, resume], [pause, resume, pause, resume], [pause, cancel]),
            )
            for act in self.rng.choice(stories):
                self.sleep(self.rng.uniform(0.0, 15.0))
                self._insist(job, act)
        self.waiting -= 1

    def _document(self, name: str) -> dict[str, Any]:
        known = sorted(self.acknowledged.values())
        document: dict[str, Any] = {
            "name": name,
            **self.rng.choice(({}, {"kind": "train", "training": {"epochs": self.rng.randint(1, 5)}})),
            "priority": self.rng.randint(0, 1),
            "depends_on": self.rng.sample(known, min(len(known), self.rng.randint(0, 2))),
            "retry": {"budget": {"crashed": self.rng.randint(0, 2), "worker_lost": 1}},
        }
        if self.rng.random() < 0.3:
            document["timeout"] = {"queue": self.rng.choice([2.0, 20.0])}
            document["resources"] = {"cpus": self.rng.choice([1.0, 2.0, 4.0])}  # no worker has four
        return document

    def _ask(self, name: str, document: dict[str, Any]) -> str | None:
        """Repeat a request under its key until it is answered, and sometimes once more."""
        intake = Intake(self.database, elastic_pools=POOLS, hint=self.publisher.hint)
        while True:
            (result,) = intake._make([order_of(document, key=name)])
            if isinstance(result, Accepted):
                if self.acknowledged.setdefault(name, result.job_id) != result.job_id:
                    raise Violation(f"{name} was answered with two jobs")
                if self.rng.random() > 0.1:
                    return result.job_id
            elif not isinstance(result, DatabaseUnavailable):
                return None  # a job that it needs has failed
            self.sleep(self.rng.uniform(0.1, 2.0))

    def _insist(self, job: str, act: Act) -> None:
        """Do it until that is answered."""
        parts: Any = SimpleNamespace(
            database=self.database, publisher=self.publisher, tail=SimpleNamespace(nudge=lambda _: None)
        )
        while True:
            try:
                act(parts, USER, job)
            except DatabaseUnavailable:
                self.sleep(1.0)
            except TrainshedError as error:
                if not _is_being_paused(act, error):
                    return  # it ended meanwhile, or runs
                self.sleep(1.0)
            else:
                return


def _is_being_paused(act: Act, error: TrainshedError) -> bool:
    return act is resume and isinstance(error, Conflict) and not isinstance(error, AlreadyFinished)
