"""Jobs are asked for."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import MultipleResults, initialize, multiple

from api.operations.orders import Accepted, make
from tests.stateful.draws import FIRST, SPECS
from tests.stateful.rules import Rules, move
from tests.stateful.shed import (
    POOLS,
    USER_DOES,
    order_of,
)
from trainshed.errors import IdempotencyMismatch
from trainshed.states import TERMINAL_STATES, JobState


class Orders(Rules):
    """What comes of a submit, of the same one again, and of a retry."""

    @initialize(target=Rules.jobs)
    def begin_with_some(self) -> MultipleResults[str]:
        """Of each sort one, so that claims have something to choose from."""
        results = [self.order(document) for document in FIRST]
        return multiple(*(result.job_id for result in results if isinstance(result, Accepted)))

    @move(target=Rules.jobs, spec=SPECS, parents=st.lists(Rules.jobs, max_size=2, unique=True))
    def submit(self, spec: dict[str, Any], parents: list[str]) -> Any:
        document = {**spec, "depends_on": parents} if parents else spec
        result = self.order(document)
        if any(self.shed.seen.jobs[job].state in {JobState.FAILED, JobState.CANCELLED} for job in parents):
            assert not isinstance(result, Accepted)
            return multiple()
        assert isinstance(result, Accepted)
        return result.job_id

    @move(target=Rules.jobs, key=st.sampled_from("ab"), priority=st.integers(0, 1))
    def submit_with_key(self, key: str, priority: int) -> str | MultipleResults[str]:
        document = {"priority": priority}
        order = order_of(document, key=key)
        kept = self.shed.seen.keys.get((order.key.project_id, key)) if order.key else None
        known = kept if kept and kept.created_at >= self.shed.now() - 86_400 else None
        (result,) = self.shed.commit(USER_DOES, lambda conn: make(conn, [order], elastic_pools=POOLS)).results
        if known is None:
            assert isinstance(result, Accepted)
            assert not result.replayed
            return result.job_id
        if known.request_sha256 != order.request_sha256:
            assert isinstance(result, IdempotencyMismatch)
        else:
            assert isinstance(result, Accepted)
            assert (result.job_id, result.replayed) == (known.job_id, True)
        return multiple()

    @move(target=Rules.jobs, job=Rules.jobs)
    def retry(self, job: str) -> str | MultipleResults[str]:
        if self.shed.seen.jobs[job].state not in TERMINAL_STATES:
            return multiple()
        before = self.shed.seen.jobs[job]
        result = self.order({}, retry_of=job)
        assert isinstance(result, Accepted)
        assert self.shed.seen.jobs[job] == before
        return result.job_id
