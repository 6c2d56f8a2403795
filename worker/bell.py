"""Ends the wait of an event loop from another thread."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import Final

_MOST_RINGS: Final = 4096


class Bell:
    """A pipe that a loop reads. `ring` may be called from any thread, also when the bell is gone."""

    def __init__(self) -> None:
        self.descriptor, self._writable = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._changing = threading.Lock()
        self._is_closed = False

    def ring(self) -> None:
        """End the wait of whoever listens, now or when it next waits."""
        with self._changing, suppress(BlockingIOError):  # a pipe that is full of rings is heard
            if not self._is_closed:
                os.write(self._writable, b"!")

    def silence(self) -> None:
        """Take note of all rings until now. For the loop's own thread."""
        with suppress(BlockingIOError):
            os.read(self.descriptor, _MOST_RINGS)

    def close(self) -> None:
        """Be gone."""
        with self._changing:
            self._is_closed = True
            os.close(self.descriptor)
            os.close(self._writable)
