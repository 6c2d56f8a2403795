"""What a program may report, however hostile it is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from worker import program_reports
from worker.launch.request import REPORT_FILE
from worker.program_reports import ProgramReports
from worker.protocol import Metrics, Progress

POINT = b'{"frame":"metrics","points":[["loss",1,0.5]]}\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / REPORT_FILE


def test_what_was_reported_is_read_once_and_a_line_as_soon_as_it_is_whole(file: Path, tmp_path: Path) -> None:
    reports = ProgramReports(tmp_path)
    assert list(reports.read()) == []

    file.write_bytes(POINT + b'{"frame":"progress",')
    assert list(reports.read()) == [Metrics(points=(("loss", 1, 0.5),))]
    with file.open("ab") as more:
        more.write(b'"fraction":0.5}\n')
    assert list(reports.read()) == [Progress(fraction=0.5)]
    assert list(reports.read()) == []
    assert reports.left_out == 0


@pytest.mark.parametrize(
    "line",
    [
        b"no json\n",
        b'{"frame":"result","outcome":"succeeded"}\n',
        b'{"frame":"saved","step":1,"name":"a"}\n',
        b'{"frame":"metrics","points":[["loss",1,NaN]]}\n',
        b'{"frame":"metrics","points":[["loss",-1,1.0]]}\n',
        b'{"frame":"metrics","points":[["",1,1.0]]}\n',
        b'{"frame":"metrics","points":[["system/cpu",1,1.0]]}\n',
        b'{"frame":"progress","fraction":2.0}\n',
        b"\xff\n",
        b"[" * 10_000 + b"\n",
    ],
)
def test_a_line_that_is_no_report_is_counted_and_the_next_one_is_read(file: Path, tmp_path: Path, line: bytes) -> None:
    file.write_bytes(line + POINT)
    reports = ProgramReports(tmp_path)

    assert len(list(reports.read())) == 1
    assert reports.left_out == 1


def test_a_line_without_an_end_is_not_kept_in_memory(file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"x" * 200_000)
    reports = ProgramReports(tmp_path)

    assert list(reports.read()) == []
    assert (reports._begun, reports.left_out) == (b"", 1)


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_link_is_not_followed(file: Path, tmp_path: Path, link: Callable[[Path, Path], None]) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(POINT)
    link(secret, file)

    assert list(ProgramReports(tmp_path).read()) == []


def test_a_pipe_in_its_place_is_not_waited_for(file: Path, tmp_path: Path) -> None:
    os.mkfifo(file)

    assert list(ProgramReports(tmp_path).read()) == []


def test_no_more_is_read_than_one_attempt_may_report(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program_reports, "MOST_BYTES", 2 * len(POINT))
    file.write_bytes(10 * POINT)

    assert len(list(ProgramReports(tmp_path).read_rest())) == 2


def test_more_series_than_are_taken_are_left_out(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_reports, "MOST_SERIES", 2)
    lines = [{"frame": "metrics", "points": [[f"s{number}", 1, 1.0]]} for number in (0, 1, 2, 0)]
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    reports = ProgramReports(tmp_path)

    assert len(list(reports.read())) == 3
    assert reports.left_out == 1
