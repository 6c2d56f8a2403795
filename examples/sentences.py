"""The sentences of the sentiment example: 16,000 real ones that people have rated, out of a package on PyPI.

C.J. Hutto and E. Gilbert, "VADER: a parsimonious rule-based model for sentiment analysis of social media text", ICWSM
2014: snippets of film reviews, tweets and reviews of products, each with the mean of some twenty ratings from -4 to 4.
The package vaderSentiment 0.5 (MIT) has them in its source archive; they are short quotes of others.
"""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

_PACKAGE = "vaderSentiment==0.5"
_ARCHIVE = "hutto_ICWSM_2014.tar.gz"
_SOURCES = ("movieReviewSnippets_GroundTruth", "tweets_GroundTruth", "amazonReviewSnippets_GroundTruth")
_NEUTRAL = 0.5
"""Ratings nearer to 0 say neither good nor bad."""


def write_sentences(folder: Path) -> Path | None:
    """Fetch the package with pip and write `sentences.csv` (text, label); None where it cannot be had."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", _PACKAGE]
    if subprocess.run([*command, "--dest", str(folder)], check=False, capture_output=True).returncode:
        return None
    (package,) = folder.glob("vaderSentiment-0.5.*")
    path = folder / "sentences.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows(dict.fromkeys(_rated(package)))
    return path


def _rated(package: Path) -> Iterator[tuple[str, str]]:
    with zipfile.ZipFile(package) as outer:
        (name,) = [name for name in outer.namelist() if name.endswith(_ARCHIVE)]
        inner = io.BytesIO(outer.read(name))
    with tarfile.open(fileobj=inner) as archive:
        for member in archive:
            content = archive.extractfile(member) if Path(member.name).stem in _SOURCES else None
            for line in content or ():
                _, rating, text = line.decode("utf-8", "replace").rstrip("\r\n").split("\t", 2)
                if abs(float(rating)) > _NEUTRAL and text.strip():
                    yield text.strip(), "positive" if float(rating) > 0 else "negative"
