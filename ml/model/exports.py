"""The forms of a trained model beside `model.keras`, where the spec asks for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Literal

import keras
import tensorflow as tf

from ml.model.card import Card, ClassifierCard
from ml.workspace import Workspace

Form = Literal["saved_model", "tensorboard"]


def export(forms: Sequence[Form], model: keras.Model, card: Card, workspace: Workspace) -> None:
    """Write each form below `output/`."""
    for form in dict.fromkeys(forms):
        _FORMS[form](model, card, workspace)


def _saved_model(model: keras.Model, card: Card, workspace: Workspace) -> None:
    """Write `saved_model/`: what `model.keras` takes, in; probabilities and class names out, or predictions."""
    module = tf.Module()
    module.model = model
    answered = _classified(module, card) if isinstance(card, ClassifierCard) else _predicted
    taken = tf.TensorSpec((None, *card.input_shape), model.inputs[0].dtype, name=model.inputs[0].name)

    @tf.function(input_signature=[taken], autograph=False)
    def serve(examples: Any) -> dict[str, Any]:
        return answered(model(examples, training=False))

    draft = workspace.tmp / "saved_model"
    tf.saved_model.save(module, str(draft), signatures={"serving_default": serve})
    draft.replace(workspace.output / "saved_model")


def _classified(module: tf.Module, card: ClassifierCard) -> Callable[[Any], dict[str, Any]]:
    module.classes = tf.constant(card.classes)

    def answered(logits: Any) -> dict[str, Any]:
        probabilities = tf.nn.softmax(logits)
        return {"probabilities": probabilities, "class": tf.gather(module.classes, tf.argmax(probabilities, axis=-1))}

    return answered


def _predicted(outputs: Any) -> dict[str, Any]:
    return {"predictions": outputs}


def _tensorboard(model: keras.Model, card: Card, workspace: Workspace) -> None:
    """Write `tensorboard/`: the metrics of each epoch as event files."""
    writer = tf.summary.create_file_writer(str(workspace.output / "tensorboard"))
    with writer.as_default():
        for epoch in card.history:
            for name, value in epoch.metrics.items():
                tf.summary.write(f"epoch/{name}", tf.constant(value, tf.float32), epoch.number, _SCALAR)
    writer.close()


# What `tf.summary.scalar` writes, which needs the package tensorboard to write it.
_SCALAR: Final = tf.compat.v1.SummaryMetadata(
    plugin_data=tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars"), data_class=1
)
_FORMS: Final[dict[Form, Callable[[keras.Model, Card, Workspace], None]]] = {
    "saved_model": _saved_model,
    "tensorboard": _tensorboard,
}
