"""Writes garments on photographs in the exact binary format of CIFAR-10: 50,000 images to train on, 10,000 to test on.

    python examples/garments.py FOLDER
    trainshed dataset upload garments FOLDER

They are composed of Fashion-MNIST (Debian's package dataset-fashion-mnist) and of photographs that scikit-learn ships:
`dataset.json` in the folder says that they are synthetic, and so does the card of each model that is trained on them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ml.boxes.collage import PHOTOGRAPHERS
from ml.boxes.portraits import portraits
from ml.boxes.sprites import FASHION, garments
from ml.data.cifar_writer import write_batches

TRAIN, TEST, SIDE = 50_000, 10_000, 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    write(parser.parse_args().folder)


def write_garments(folder: Path) -> Path | None:
    """Write the batches below a folder; None: Fashion-MNIST is not on this machine."""
    if not FASHION.is_dir():
        return None
    write(folder / "garments")
    return folder / "garments"


def write(folder: Path) -> None:
    """Write the batches and `dataset.json`."""
    wardrobe = garments()
    train, test = portraits(wardrobe, train=TRAIN, test=TEST, side=SIDE, seed=0)
    write_batches(folder, train, test, wardrobe.class_names)
    about = {
        "provenance": f"composed by examples/garments.py, seed 0, of {wardrobe.provenance}, on photographs that"
        " scikit-learn ships",
        "licence": f"{wardrobe.licence} (the garments), {PHOTOGRAPHERS}",
        "synthetic": True,
    }
    (folder / "dataset.json").write_text(json.dumps(about, indent=2) + "\n")


if __name__ == "__main__":
    main()
