"""Begins with the weights of an earlier model of the same preset: `model.init_from`."""

from __future__ import annotations

from typing import Final

import keras

from ml.errors import InvalidData
from ml.model.card import FILE_NAME, ModelCard, read_card
from ml.model.file import load_model
from ml.report import Report
from ml.workspace import Workspace

_HEAD: Final = "logits"


def transfer_weights(network: keras.Model, classes: tuple[str, ...], workspace: Workspace, report: Report) -> None:
    """Copy into `network` what `inputs/model.keras` has for it. Raises `InvalidData`."""
    card = read_card(workspace.inputs / FILE_NAME, ModelCard)
    origin = _network_of(card, workspace, preset=network.name)
    anew = [layer.name for layer in network.layers if layer.weights and not _copied(layer, origin, card, classes)]
    begins = f"; new: {', '.join(anew)}" if anew else ""
    report.message(f"weights of {card.name} ({card.weights_sha256[:12]}) taken over{begins}")


def _network_of(card: ModelCard, workspace: Workspace, *, preset: str) -> keras.Model:
    if card.preset != preset:
        raise InvalidData(
            f"model.init_from is of the preset {card.preset}, and model.preset is {preset}.",
            remedy="Name a train job of the same preset.",
            field="model.init_from.job",
        )
    return load_model(workspace.inputs / "model.keras").get_layer(preset)


def _copied(layer: keras.Layer, origin: keras.Model, card: ModelCard, classes: tuple[str, ...]) -> bool:
    """Copy the weights of one layer, if they mean the same there."""
    if layer.name == _HEAD and card.classes != classes:
        return False
    same = next((found for found in origin.layers if found.name == layer.name), None)
    if same is None or [w.shape for w in same.weights] != [w.shape for w in layer.weights]:
        return False
    layer.set_weights(same.get_weights())
    return True
