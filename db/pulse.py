"""A sign of life for who looks after a process from outside: a file that is touched as long as its loop turns."""

from __future__ import annotations

from pathlib import Path

import structlog

log = structlog.get_logger(__name__)


class Pulse:
    """Touches `path`; with None it does nothing. A disk that fails is logged, and stops nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def beat(self) -> None:
        if self._path is None:
            return
        try:
            self._path.touch()
        except OSError as error:
            log.warning("pulse.failed", path=str(self._path), error=str(error))
