"""The pairs of the translation example: texts of LibreOffice's windows and help in English and in French.

The Debian package libreoffice-l10n-fr (MPL-2.0) has them as catalogues of messages, whose ids are the English texts.
They are read where the package is installed; elsewhere apt fetches it, if there is one, and nothing is installed.
"""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ml.pairs.messages import read_mo

_PACKAGE = "libreoffice-l10n-fr"
_CATALOGUES = "usr/lib/libreoffice/program/resource/fr/LC_MESSAGES"
_MOST_WORDS = 14
_SHORTCUT = re.compile(r"[_~](?=\w)")
"""Marks the letter that chooses an entry of a menu."""
_LETTERS = re.compile(r"[^\W\d_]")


def write_interface_strings(folder: Path) -> Path | None:
    """Write `interface_strings.csv` (source, target) of pairs of at most 14 words; None where they cannot be had."""
    catalogues = Path("/") / _CATALOGUES
    if not catalogues.is_dir() and not _fetched(folder):
        return None
    found = catalogues if catalogues.is_dir() else folder / _PACKAGE / _CATALOGUES
    path = folder / "interface_strings.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["source", "target"])
        for catalogue in sorted(found.glob("*.mo")):
            writer.writerows(_pairs(catalogue))
    return path


def _fetched(folder: Path) -> bool:
    """Fetch the package and unpack it into the folder; return whether that came off."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return False
    fetch = ["apt-get", "download", "--quiet", "--quiet", _PACKAGE]
    if subprocess.run(fetch, cwd=folder, check=False, capture_output=True).returncode:
        return False
    (package,) = folder.glob(f"{_PACKAGE}_*.deb")
    unpack = ["dpkg-deb", "--extract", str(package), str(folder / _PACKAGE)]
    return subprocess.run(unpack, check=False, capture_output=True).returncode == 0


def _pairs(catalogue: Path) -> Iterator[tuple[str, str]]:
    for given, translated in read_mo(catalogue.read_bytes()):
        source, target = (_SHORTCUT.sub("", text).strip() for text in (given, translated))
        if _is_short(source) and _is_short(target) and source != target:
            yield source, target


def _is_short(text: str) -> bool:
    return "\n" not in text and _LETTERS.search(text) is not None and len(text.split()) <= _MOST_WORDS
