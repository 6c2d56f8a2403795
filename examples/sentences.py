"""The sentences of two examples: 23,000 real ones that people have rated, out of a package on PyPI.

C.J. Hutto and E. Gilbert, "VADER: a parsimonious rule-based model for sentiment analysis of social media text", ICWSM
2014: snippets of film reviews, tweets, reviews of products and opinions in a newspaper, each with the mean of some
twenty ratings from -4 to 4.
The package vaderSentiment 0.5 (MIT) has them in its source archive; they are short quotes of others.
"""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

_PACKAGE = "vaderSentiment==0.5"
_ARCHIVE = "hutto_ICWSM_2014.tar.gz"
_SOURCES = {
    "movieReviewSnippets_GroundTruth": "film review",
    "tweets_GroundTruth": "tweet",
    "amazonReviewSnippets_GroundTruth": "product review",
    "nytEditorialSnippets_GroundTruth": "newspaper",
}
_WITHOUT_FEELING = "newspaper"
"""A newspaper's sentences are too even for a sentiment."""
_NEUTRAL = 0.5
"""Ratings nearer to 0 say neither good nor bad."""


def write_sentiments(folder: Path) -> Path | None:
    """Write `sentences.csv`: texts with `positive` or `negative`; None where they cannot be had."""
    return _written(folder, "sentences.csv", _sentiment)


def write_origins(folder: Path) -> Path | None:
    """Write `origins.csv`: texts with where they were written, one of four; None where they cannot be had."""
    return _written(folder, "origins.csv", lambda origin, _: origin)


def _sentiment(origin: str, rating: float) -> str | None:
    if origin == _WITHOUT_FEELING or abs(rating) <= _NEUTRAL:
        return None
    return "positive" if rating > 0 else "negative"


def _written(folder: Path, name: str, label_of: Callable[[str, float], str | None]) -> Path | None:
    package = _fetched(folder)
    if package is None:
        return None
    labelled = ((text, label_of(origin, rating)) for origin, rating, text in _rated(package))
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows(dict.fromkeys(row for row in labelled if row[1] is not None))
    return folder / name


def _fetched(folder: Path) -> Path | None:
    """Return the package, which pip fetches once."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", _PACKAGE]
    there = [*folder.glob("vaderSentiment-0.5.*")]
    if not there and subprocess.run([*command, "--dest", str(folder)], check=False, capture_output=True).returncode:
        return None
    (package,) = folder.glob("vaderSentiment-0.5.*")
    return package


def _rated(package: Path) -> Iterator[tuple[str, float, str]]:
    """Yield each sentence with where it was written, and its rating."""
    with zipfile.ZipFile(package) as outer:
        (name,) = [name for name in outer.namelist() if name.endswith(_ARCHIVE)]
        inner = io.BytesIO(outer.read(name))
    with tarfile.open(fileobj=inner) as archive:
        for member in archive:
            origin = _SOURCES.get(Path(member.name).stem)
            content = archive.extractfile(member) if origin else None
            for line in content or ():
                _, rating, text = line.decode("utf-8", "replace").rstrip("\r\n").split("\t", 2)
                if origin and text.strip():
                    yield origin, float(rating), text.strip()
