"""The two zygotes of a worker: a light one for programs, and one that has TensorFlow imported for training."""

from __future__ import annotations

from worker.launch.launcher import LIGHT, ML, LaunchRequest, Zygote
from worker.launch.running import RunningJob


class Zygotes:
    """Starts each job through the zygote that suits it. With `warm=False` training starts cold, from the light one."""

    def __init__(self, *, warm: bool) -> None:
        self._light = Zygote(LIGHT)
        self._training = Zygote(ML) if warm else self._light
        self._all = {self._light, self._training}

    def open(self) -> None:
        """Begin to keep them. They get ready on their own."""
        for zygote in self._all:
            zygote.open()

    def close(self) -> None:
        for zygote in self._all:
            zygote.close()

    def start(self, request: LaunchRequest) -> RunningJob:
        """Start a job. Raises `SetupFailed`."""
        zygote = self._light if request.task is None else self._training
        return zygote.start(request)
