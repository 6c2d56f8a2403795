"""Part `epoch`: whole epochs of 60,000 images of 28x28x1 and of 50,000 of 32x32x3, against hand-written Keras.

The first epoch, in which functions are traced, is left out on both sides.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from bench.arm import CHECKOUT
from bench.gates import Gate, at_least, at_most
from bench.workload import Images, generated, images, train_spec, write

HAND, OURS, AUTO = "by hand", "trainshed", "trainshed, auto"
EPOCHS = 2
BATCH = 32
"""What Keras takes when it is not told."""
TOLERANCE = 0.005


def measure_epoch(folder: Path, *, rounds: int) -> dict[str, Any]:
    """Return wall and CPU seconds of an epoch, and test accuracy, by shape of the images and by way to train."""
    found = {}
    for shape, data in (("28x28x1", images(train=60_000, test=10_000)), ("32x32x3", _coloured())):
        path = folder / shape / "data.npz"
        source = write(path, data)
        found[shape] = {"data": source} | _compare(path, folder / shape, rounds)
        _print(shape, found[shape])
    return found


def _coloured() -> Images:
    drawn, labels = generated(60_000, shape=(32, 32, 3), seed=1)
    return Images(
        "generated, shaped like CIFAR-10", (drawn[:50_000], labels[:50_000]), (drawn[50_000:], labels[50_000:])
    )


def _compare(data: Path, folder: Path, rounds: int) -> dict[str, Any]:
    ways = {
        HAND: lambda seed: _by_hand(data, seed),
        OURS: lambda seed: _job(data, folder / f"job-{seed}", seed, batch_size=BATCH),
        AUTO: lambda seed: _job(data, folder / f"auto-{seed}", seed, batch_size="auto", learning_rate="auto"),
    }
    results: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    for seed in range(rounds):
        for way, run in ways.items():
            results[way].append(run(seed))
    return {way: _middle(several) for way, several in results.items()}


def _by_hand(data: Path, seed: int) -> dict[str, float]:
    return _epochs([sys.executable, "-m", "bench.arms.epochs_by_hand", str(data), str(BATCH), str(EPOCHS), str(seed)])


def _job(data: Path, folder: Path, seed: int, **training: Any) -> dict[str, float]:
    folder.mkdir()
    spec = folder / "spec.json"
    spec.write_text(json.dumps(train_spec(data, epochs=EPOCHS, seed=seed, **training)))
    return _epochs([sys.executable, "-m", "bench.epochs_of_job", str(spec), str(folder)])


def _epochs(argv: list[str]) -> dict[str, float]:
    env = {**os.environ, "PYTHONPATH": str(CHECKOUT), "TF_CPP_MIN_LOG_LEVEL": "2", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(argv, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env, cwd=CHECKOUT)
    said = json.loads(done.stdout.splitlines()[-1])
    (wall, cpu), (last_wall, last_cpu) = said["ends"][0], said["ends"][-1]
    return {
        "wall_s": (last_wall - wall) / (EPOCHS - 1),
        "cpu_s": (last_cpu - cpu) / (EPOCHS - 1),
        "accuracy": said["accuracy"],
    }


def _middle(several: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(median(one[name] for one in several), 4) for name in several[0]}


def gates_of_epoch(found: dict[str, Any]) -> list[Gate]:
    """Return the gates of all shapes."""
    gates = []
    for shape, ways in found.items():
        hand, ours, auto = ways[HAND], ways[OURS], ways[AUTO]
        label = f"epoch of {shape}"
        gates += [
            at_most(f"{label}: CPU of our fit / of hand-written Keras", ours["cpu_s"] / hand["cpu_s"], 1.03),
            at_least(f"{label}: CPU of hand-written Keras / of auto", hand["cpu_s"] / auto["cpu_s"], 1.25),
            at_least(f"{label}: our accuracy - its accuracy", ours["accuracy"] - hand["accuracy"], -TOLERANCE),
            at_least(f"{label}: accuracy of auto - its accuracy", auto["accuracy"] - hand["accuracy"], -TOLERANCE),
        ]
    return gates


def _print(shape: str, ways: dict[str, Any]) -> None:
    print(f"\none epoch of {shape}, {ways['data']}")
    for way, row in ways.items():
        if way != "data":
            print(f"  {way:20} {row['wall_s']:6.2f} s  {row['cpu_s']:6.2f} CPU s  accuracy {row['accuracy']:.4f}")
