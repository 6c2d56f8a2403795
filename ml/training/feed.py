"""Hands the learner its examples, several batches at once, in one of two ways that give the same examples.

`direct` prepares the next ones when they are asked for. `prefetch` prepares them in a thread, so that augmentation runs
beside the network; what an example becomes is a pure function of (seed, epoch, example), so it comes out the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy.typing as npt

from ml.training.order import Rows

_AHEAD: Final = 2
"""Chunks that wait for the learner: more would cost memory and win nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Rows of one or more batches that follow each other; the step of the first is `first`, from 1 over all epochs."""

    first: int
    last: int
    rows: Rows
    recorded: bool
    """Whether the norms of this step are recorded; it is one step then."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """What the learner takes: inputs (n, ...) as the network has them, and targets as the objective has them."""

    inputs: npt.NDArray[Any]
    targets: npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """How steps are put together to chunks. A chunk ends where something is reported or recorded."""

    batch_size: int
    steps_per_call: int
    report_every: int
    record_every: int | None

    def chunks(self, order: Rows, *, first: int, done: int = 0) -> Iterator[Chunk]:
        """Divide the rows of one epoch, whose first step is `first`, but for those of the `done` first steps."""
        steps = -(-len(order) // self.batch_size)
        begin = first + done
        while begin < first + steps:
            end = min(self._end(begin), first + steps - 1)
            rows = order[(begin - first) * self.batch_size : (end - first + 1) * self.batch_size]
            yield Chunk(begin, end, rows, recorded=self._is_recorded(begin))
            begin = end + 1

    def _end(self, begin: int) -> int:
        """Return the last step of the chunk that begins at `begin`, if the epoch goes on so long."""
        if self._is_recorded(begin):
            return begin
        end = min(begin + self.steps_per_call - 1, -(-begin // self.report_every) * self.report_every)
        if self.record_every is None:
            return end
        return min(end, -(-begin // self.record_every) * self.record_every - 1)

    def _is_recorded(self, step: int) -> bool:
        return self.record_every is not None and step % self.record_every == 0


Prepare = Callable[[Chunk], Examples]
Fed = Generator[tuple[Chunk, Examples], None, None]


def direct(chunks: Iterator[Chunk], prepare: Prepare) -> Fed:
    """Prepare each chunk when it is asked for."""
    for chunk in chunks:
        yield chunk, prepare(chunk)


def prefetch(chunks: Iterator[Chunk], prepare: Prepare) -> Fed:
    """Prepare the next chunks in a thread. An error of `prepare` is raised where its chunk would come."""
    waiting: deque[tuple[Chunk, Future[Examples]]] = deque()
    with ThreadPoolExecutor(1, thread_name_prefix="feed") as thread:
        for chunk in chunks:
            waiting.append((chunk, thread.submit(prepare, chunk)))
            if len(waiting) > _AHEAD:
                yield _first(waiting)
        while waiting:
            yield _first(waiting)


def _first(waiting: deque[tuple[Chunk, Future[Examples]]]) -> tuple[Chunk, Examples]:
    chunk, examples = waiting.popleft()
    return chunk, examples.result()


FEEDS: Final[dict[Literal["direct", "prefetch"], Callable[[Iterator[Chunk], Prepare], Fed]]] = {
    "direct": direct,
    "prefetch": prefetch,
}
