"""The sign of life of a process that answers no request."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from db.pulse import Pulse


def test_the_file_is_touched_with_each_beat(tmp_path: Path) -> None:
    file = tmp_path / "pulse"
    Pulse(file).beat()
    os.utime(file, (1, 1))
    Pulse(file).beat()
    assert file.stat().st_mtime > 1


def test_a_disk_that_fails_stops_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Pulse(tmp_path / "missing" / "pulse").beat()
    said = capsys.readouterr()
    assert "pulse.failed" in said.out + said.err
