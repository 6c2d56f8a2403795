"""Users of a simulated platform: each asks for a job until the answer comes, and may change his mind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from types import SimpleNamespace
from typing import Any

from api.operations.cancel import cancel
from api.operations.change import Change, change
from api.operations.intake import Intake
from api.operations.orders import Accepted
from db.engine import Database, DatabaseUnavailable
from tests.sim.commit import Violation
from tests.stateful.shed import POOLS, USER, order_of
from trainshed.errors import TrainshedError


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
            hold, release = Change(hold=True), Change(hold=False)
            stories = ([], [], [None], [hold, release], [hold, None])
            for act in self.rng.choice(stories):
                self.sleep(self.rng.uniform(0.0, 15.0))
                self._insist(job, act)
        self.waiting -= 1

    def _document(self, name: str) -> dict[str, Any]:
        known = sorted(self.acknowledged.values())
        document: dict[str, Any] = {
            "name": name,
            "priority": self.rng.randint(0, 1),
            "depends_on": self.rng.sample(known, min(len(known), self.rng.randint(0, 2))),
            "retry": {"budget": {"crashed": self.rng.randint(0, 2), "worker_lost": 1}},
        }
        if self.rng.random() < 0.2:
            document["timeout"] = {"queue": 20.0}
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

    def _insist(self, job: str, act: Change | None) -> None:
        """Change a job, or cancel it, until that is answered."""
        while True:
            try:
                self._act(job, act)
            except DatabaseUnavailable:
                self.sleep(1.0)
            except TrainshedError:
                return  # it ended meanwhile, or runs
            else:
                return

    def _act(self, job: str, act: Change | None) -> None:
        parts: Any = SimpleNamespace(
            database=self.database, publisher=self.publisher, tail=SimpleNamespace(nudge=lambda _: None)
        )
        if act is None:
            cancel(parts, USER, job)
        else:
            change(parts, USER, job, act)
