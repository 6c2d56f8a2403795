"""A thread that stops where the test says, so that a race happens the same way each time."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.servers import DEADLINE_S


class Runner:
    """Runs `story(stop_at)` in a thread of its own; the story calls what it was given at each of its steps."""

    def __init__(self, story: Callable[[Callable[[str], None]], object], *, until: str) -> None:
        self._story = story
        self._until = until
        self._there = threading.Event()
        self._go_on = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> Runner:
        """Return when the story stands at its step, or is over without having come there."""
        self._thread.start()
        assert self._there.wait(DEADLINE_S)
        return self

    def go_on(self) -> None:
        """Let it go on, and do not wait."""
        self._go_on.set()

    def finish(self) -> None:
        """Let it go on to its end."""
        self.go_on()
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive()
        if self._failure is not None:
            raise self._failure

    def may_finish(self) -> None:
        """Let it go on to its end, unless it has to wait for somebody else."""
        self.go_on()
        self._thread.join(0.5)

    def _run(self) -> None:
        try:
            self._story(self._stop)
        except BaseException as error:  # noqa: BLE001 - raised again where the test waits
            self._failure = error
        finally:
            self._there.set()

    def _stop(self, step: str) -> None:
        if step == self._until and not self._there.is_set():
            self._there.set()
            assert self._go_on.wait(DEADLINE_S)
