"""Hostile `.keras` files are refused before Keras opens them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from ml.errors import Diverged, InvalidData
from ml.families.image_classifier.presets import cnn_small
from ml.model.archive import check_archive
from ml.model.file import load_model, save_model, with_preprocessing
from ml.steps import preprocessing_layers
from ml.workspace import Workspace
from trainshed.specs import Rescale, Resize


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with each layer that we ever save."""
    steps = (Rescale(step="rescale", scale=0.5), Resize(step="resize", height=18, width=18))
    layers = preprocessing_layers(steps, np.zeros((2, 8, 8, 1), np.uint8), np.arange(2))
    model = with_preprocessing(layers, cnn_small((18, 18, 1), 3), input_shape=(8, 8, 1), name="image_classifier")
    path = tmp_path_factory.mktemp("model") / "model.keras"
    model.save(path)
    return path


@pytest.fixture
def rewritten(good: Path, tmp_path: Path) -> Callable[..., Path]:
    """Write the good model again with entries replaced or added, and its config edited."""

    def rewrite(
        entries: dict[str, bytes] | None = None,
        edit: Callable[[Any], Any] = lambda config: config,
        compression: int = zipfile.ZIP_STORED,
    ) -> Path:
        path = tmp_path / "model.keras"
        with zipfile.ZipFile(good) as source, zipfile.ZipFile(path, "w", compression) as target:
            contents = {entry: source.read(entry) for entry in source.namelist()}
            contents["config.json"] = json.dumps(edit(json.loads(contents["config.json"]))).encode()
            for name, content in (contents | (entries or {})).items():
                target.writestr(name, content)
        return path

    return rewrite


def layer(config: Any, number: int, **keys: Any) -> Any:
    config["config"]["layers"][number] |= keys
    return config


def test_a_model_that_we_saved_passes_and_loads(good):
    check_archive(good)
    assert load_model(good).output_shape == (None, 3)


def test_rewriting_alone_is_no_reason_for_refusal(rewritten):
    check_archive(rewritten())


@pytest.mark.parametrize(
    ("module", "class_name"),
    [
        ("keras.layers", "Lambda"),
        ("keras.layers", "TFSMLayer"),
        ("keras.layers", "StringLookup"),
        ("keras.layers", "TorchModuleWrapper"),
        ("builtins", "exec"),
        ("keras.utils", "get_file"),
        ("keras.config", "enable_unsafe_deserialization"),
        (None, "Conv2D"),
        ("elsewhere.layers", "Conv2D"),
    ],
)
def test_a_class_outside_of_the_list_is_refused(rewritten, module, class_name):
    path = rewritten(edit=lambda config: layer(config, 1, module=module, class_name=class_name))
    with pytest.raises(InvalidData, match=rf"names the class {module}\.{class_name}"):
        check_archive(path)


def test_a_class_hidden_deep_in_a_config_is_found(rewritten):
    hidden = {"a": [{"b": {"module": "builtins", "class_name": "function", "config": "exec"}}]}
    with pytest.raises(InvalidData, match=r"names the class builtins\.function"):
        check_archive(rewritten(edit=lambda config: layer(config, 1, build_config=hidden)))


def test_a_custom_class_under_an_allowed_name_is_refused(rewritten):
    with pytest.raises(InvalidData, match="registered as mine>Conv2D"):
        check_archive(rewritten(edit=lambda config: layer(config, 1, registered_name="mine>Conv2D")))


@pytest.mark.parametrize("name", ["../../escape", "assets/vocabulary.txt", "model.weights.npz"])
def test_an_entry_that_we_never_write_is_refused(rewritten, name):
    with pytest.raises(InvalidData, match="has 4 entries"):
        check_archive(rewritten({name: b"x"}))


def test_an_archive_that_inflates_is_refused(rewritten):
    with pytest.raises(InvalidData, match=r"inflates model.weights.h5 to 10,000,000 bytes"):
        check_archive(rewritten({"model.weights.h5": b"\0" * 10_000_000}, compression=zipfile.ZIP_DEFLATED))


def hostile_weights(path: Path, make: Callable[[h5py.File], Any]) -> bytes:
    with h5py.File(path, "w") as weights:
        make(weights)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda f: f.__setitem__("w", h5py.ExternalLink("/etc/passwd", "/")), "has the link w"),
        (lambda f: f.create_group("g").__setitem__("w", h5py.SoftLink("/g")), "has the link w"),
        (lambda f: f.create_dataset("w", (8,), "u1", external=[("/etc/passwd", 0, 8)]), "weights /w that are not"),
        (lambda f: f.create_dataset("w", (2**40,), "f4", chunks=(1024,)), "weights /w that are not"),
    ],
)
def test_weights_that_point_out_of_the_file_or_claim_too_much_are_refused(rewritten, tmp_path, make, says):
    content = hostile_weights(tmp_path / "w.h5", make)
    with pytest.raises(InvalidData, match=says):
        check_archive(rewritten({"model.weights.h5": content}))


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 truncated"])
def test_a_file_that_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    with pytest.raises(InvalidData, match="is damaged"):
        load_model(path)


def test_a_config_nested_too_deeply_is_refused(rewritten):
    with pytest.raises(InvalidData, match="is damaged"):
        check_archive(rewritten({"config.json": b"[" * 100_000}))


def test_weights_that_are_no_numbers_are_never_saved(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.set_weights([np.array([[1.0], [np.nan]]), np.zeros(1)])
    with Workspace(tmp_path).opened() as workspace, pytest.raises(Diverged, match="no longer finite"):
        save_model(model, workspace, "model.keras")
    assert list(workspace.output.iterdir()) == []
