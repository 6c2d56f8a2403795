"""Which states of a model a run keeps: every so many epochs, the last few of those."""

from __future__ import annotations

from dataclasses import dataclass, field

import keras

from ml.model.file import save_model
from ml.training.epoch import Epoch
from ml.workspace import Workspace
from trainshed.specs import Checkpoint


@dataclass(slots=True)
class Checkpoints:
    """Writes `checkpoints/epoch-0005.keras` each `every_epochs`, and removes all but the `keep_last` newest."""

    model: keras.Model
    workspace: Workspace
    policy: Checkpoint
    _kept: list[str] = field(default_factory=list)

    def after(self, epoch: Epoch) -> None:
        """Keep the model as it is after `epoch`, if it is due. The new one is written before an old one goes."""
        if self.policy.every_epochs is None or epoch.number % self.policy.every_epochs:
            return
        name = f"checkpoints/epoch-{epoch.number:04d}.keras"
        save_model(self.model, self.workspace, name)
        self._kept.append(name)
        while len(self._kept) > self.policy.keep_last:
            (self.workspace.output / self._kept.pop(0)).unlink()
