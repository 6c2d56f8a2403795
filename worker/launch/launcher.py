"""Starts jobs for the supervisors of a worker.

launcher = Launcher(warm=True)
launcher.start()
running = launcher.launch(LaunchRequest(...))
"""

from __future__ import annotations

from typing import Final

from worker.launch.adoption import Adoption
from worker.launch.keeper import LIGHT, ML, Flavour, SetupFailed, Zygote
from worker.launch.request import LaunchRequest
from worker.launch.running import RunningJob

__all__ = ["LIGHT", "ML", "Flavour", "LaunchRequest", "Launcher", "RunningJob", "SetupFailed", "Zygote"]

_IMPORTS_TIMEOUT_S: Final = 120.0
"""A cold child imports TensorFlow first, and so does a zygote that is just being started: a busy machine takes long."""


class Launcher:
    """The two zygotes of a worker: a light one for programs, a warm one for training. Thread-safe."""

    def __init__(self, *, warm: bool) -> None:
        adoption = Adoption()
        self._light = Zygote(LIGHT, adoption=adoption)
        self._warm = Zygote(ML, adoption=adoption) if warm else None

    def start(self) -> None:
        """Begin to keep zygotes; they become ready in their own time. Raises `OSError` on other systems than Linux."""
        for zygote in self._zygotes():
            zygote.open()

    def launch(self, request: LaunchRequest) -> RunningJob:
        """Start a job. Raises `SetupFailed`, for which no attempt is charged."""
        if request.argv is not None:
            return self._light.start(request)
        if self._warm is not None:
            return self._warm.start(request, timeout_s=_IMPORTS_TIMEOUT_S)
        return self._light.start(request, timeout_s=_IMPORTS_TIMEOUT_S)

    def stop(self) -> None:
        """End the zygotes. Jobs that still run go on until the worker ends."""
        for zygote in self._zygotes():
            zygote.close()

    def _zygotes(self) -> list[Zygote]:
        return [self._light] if self._warm is None else [self._light, self._warm]
