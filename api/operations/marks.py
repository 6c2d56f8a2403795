"""How far a job has come, told whenever it has come further: what a page needs to know when to look again."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from api.operations.pulse import Pulse, Quiet
from api.operations.tail import Mark, Tail


async def follow_marks(tail: Tail, job_id: str, *, pulse: Pulse) -> AsyncGenerator[Mark | Quiet]:
    """Yield the mark of a job now and after each change, until the server stops or the job is deleted.

    Marks that come while one is being sent are passed over: the latest says all that the ones before it did.
    """
    latest: Mark | None = None
    sent: Mark | None = None

    def is_new(mark: Mark) -> bool:
        nonlocal latest
        latest = mark
        return mark != sent

    with tail.watch(job_id) as watch:
        while not watch.closed and await pulse.goes_on():
            if await watch.until(is_new, timeout_s=pulse.wait_s) and latest is not None:
                sent = latest
                yield sent
                pulse.sent()
            elif pulse.beat():
                yield Quiet()
