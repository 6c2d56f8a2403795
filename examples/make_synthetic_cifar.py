"""Writes synthetic images in the exact binary format of CIFAR-10, to measure with where the real ones are not at hand.

    python examples/make_synthetic_cifar.py FOLDER [--train 50000] [--test 10000] [--seed 0]
    trainshed dataset upload synthetic-cifar FOLDER

The same seed gives the same bytes. `dataset.json` in the folder says that the data are synthetic, and so does the card
of each model that is trained on them: their accuracy says nothing about real images.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ml.data.cifar_writer import write_batches
from ml.data.synthetic_shapes import CLASSES, synthetic_images


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--train", type=int, default=50_000, help="images to train on")
    parser.add_argument("--test", type=int, default=10_000, help="images to test on")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    train = synthetic_images(asked.train, seed=asked.seed, part=0)
    test = synthetic_images(asked.test, seed=asked.seed, part=1)
    write_batches(asked.folder, train, test, [f"synthetic-{number}" for number in range(CLASSES)])
    about = {
        "provenance": f"soft coloured patterns in noise, made by examples/make_synthetic_cifar.py, seed {asked.seed}",
        "licence": "CC0 1.0",
        "synthetic": True,
    }
    (asked.folder / "dataset.json").write_text(json.dumps(about, indent=2) + "\n")


if __name__ == "__main__":
    main()
