"""The pure parts: overrides, cells, exit codes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import typer
import yaml

from trainshed.cli.cells import duration, human, machine, printable, size
from trainshed.cli.exits import Exit, exit_of_error, exit_of_state, exit_of_states
from trainshed.cli.job.submit import _name_of
from trainshed.cli.lines import Lines, plain
from trainshed.cli.output import Form, Format, print_document
from trainshed.cli.overrides import apply
from trainshed.cli.times import moment, seconds
from trainshed.errors import InvalidSpec, NotFound, RouteNotFound, Unreachable, WaitTimedOut
from trainshed.specs.base import parse_duration
from trainshed.states import JobState

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("name=b", {"name": "b", "training": {"epochs": 1}, "preprocess": [{"step": "rescale"}]}),
        ("training.epochs=3", {"name": "a", "training": {"epochs": 3}, "preprocess": [{"step": "rescale"}]}),
        (
            "training.learning_rate=1e-3",
            {"name": "a", "training": {"epochs": 1, "learning_rate": 0.001}, "preprocess": [{"step": "rescale"}]},
        ),
        (
            "labels.team=x=y",
            {"name": "a", "training": {"epochs": 1}, "preprocess": [{"step": "rescale"}], "labels": {"team": "x=y"}},
        ),
        (
            "preprocess[0].step=resize",
            {"name": "a", "training": {"epochs": 1}, "preprocess": [{"step": "resize"}]},
        ),
        ("preprocess=[]", {"name": "a", "training": {"epochs": 1}, "preprocess": []}),
        ("training=null", {"name": "a", "training": None, "preprocess": [{"step": "rescale"}]}),
    ],
)
def test_an_assignment_changes_one_field(assignment: str, expected: dict[str, Any]) -> None:
    document = {"name": "a", "training": {"epochs": 1}, "preprocess": [{"step": "rescale"}]}

    assert apply(document, [assignment]) == expected
    assert document["training"] == {"epochs": 1}


@pytest.mark.parametrize(
    "assignment", ["epochs", "=3", "a..b=1", "name.x=1", "steps[9]=1", "[0]=1", "a[x]=1", "steps.x=1"]
)
def test_an_assignment_to_nowhere_is_a_usage_error(assignment: str) -> None:
    with pytest.raises(typer.BadParameter):
        apply({"name": "a", "steps": [1]}, [assignment])


@pytest.mark.parametrize(
    ("elapsed", "shown"),
    [(0, "0s"), (59, "59s"), (61, "1m1s"), (3600, "1h0m"), (3600 * 27 + 120, "1d3h"), (-5, "0s")],
)
def test_durations_show_their_two_largest_units(elapsed: float, shown: str) -> None:
    assert duration(elapsed) == shown


def test_times_are_relative_for_people_and_absolute_for_programs() -> None:
    assert human(NOW - timedelta(minutes=3), now=NOW) == "3m0s ago"
    assert machine(NOW) == "2026-11-23T12:00:00Z"


def test_nothing_is_a_dash_for_people_and_empty_for_programs() -> None:
    assert human(None, now=NOW) == "-"
    assert machine(None) == ""


def test_a_terminal_never_sees_an_escape_sequence_of_a_job() -> None:
    assert printable("a\x1b[31mb\tc\x07") == "a�[31mb�c�"


@pytest.mark.parametrize(("count", "shown"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (3 << 40, "3.0 TiB")])
def test_sizes_are_shown_in_binary_units(count: int, shown: str) -> None:
    assert size(count) == shown


@pytest.mark.parametrize(("text", "expected"), [("90", 90.0), ("90s", 90.0), ("10m", 600.0), ("1h30m", 5400.0)])
def test_timeouts_are_read_like_durations_of_specs(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["soon", "-1", "10 minutes please"])
def test_what_is_no_duration_is_a_usage_error(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        seconds(text)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (JobState.SUCCEEDED, 0),
        (JobState.FAILED, 100),
        (JobState.CANCELLED, 103),
        (JobState.RUNNING, 101),
        (JobState.QUEUED, 101),
        (JobState.BLOCKED, 101),
        (JobState.PAUSED, 101),
    ],
)
def test_each_state_has_its_exit_code(state: JobState, code: int) -> None:
    assert exit_of_state(state) == code


def test_of_several_jobs_a_failure_weighs_most() -> None:
    assert exit_of_states([JobState.SUCCEEDED, JobState.CANCELLED, JobState.FAILED]) is Exit.FAILED
    assert exit_of_states([JobState.CANCELLED, JobState.SUCCEEDED]) is Exit.CANCELLED
    assert exit_of_states([JobState.SUCCEEDED]) is Exit.OK


@pytest.mark.parametrize(
    ("kind", "code"), [(InvalidSpec, 2), (NotFound, 102), (RouteNotFound, 1), (WaitTimedOut, 124), (Unreachable, 1)]
)
def test_each_error_has_its_exit_code(kind: type, code: int) -> None:
    assert exit_of_error(kind("it went wrong")) == code


@pytest.mark.parametrize(("program", "name"), [("./Train.py", "train.py"), ("echo", "echo"), ("/x/__ü__", "command")])
def test_a_job_is_named_after_its_program(program: str, name: str) -> None:
    assert _name_of(program) == name


@pytest.mark.parametrize("text", ["90s", "10m", "1h30m", "2d", "0.5h", "250ms", "1h 5s"])
def test_a_length_of_time_is_read_as_in_a_spec(text: str) -> None:
    assert seconds(text) == parse_duration(text)


def test_a_moment_is_a_time_or_so_long_ago() -> None:
    assert moment("2026-11-23T12:00:00Z") == NOW
    assert moment("2026-11-23T13:00:00+01:00") == NOW
    assert moment("2026-11-23").utcoffset() is not None
    assert abs(datetime.now(UTC) - timedelta(hours=2) - moment("2h")) < timedelta(minutes=1)


@pytest.mark.parametrize("text", ["yesterday", "", "2026-13-01", "999999999999d"])
def test_what_is_no_moment_is_a_usage_error(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        moment(text)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"plain", "plain"),
        (b"with end\r", "with end"),
        (b"10%\r20%\r30%", "30%"),
        (b"1/2 [==>]\x08\x08\x08", "1/2 [==>]"),
        (b"a\tb", "a       b"),
        (b"\x1b[1;31mred\x1b[0m", "red"),
        (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"\x1bcreset \x1b(B\x1b7\x1b[?1049hscreen", "reset screen"),
        (b"\x1b[", "�["),
        ("\x9b31m \u202e über".encode(), "�31m � über"),
        (b"\xff\x00", "��"),
    ],
)
def test_a_line_of_a_job_is_shown_without_what_a_terminal_obeys(line: bytes, shown: str) -> None:
    assert plain(line) == shown


def test_lines_are_the_same_however_they_come() -> None:
    log = "eins\nzw\x1b[31mei\r\nü".encode()

    for cut in range(len(log)):
        lines = Lines()
        pieces = [log[start:end] for start, end in pairwise((0, cut, len(log)))]
        assert [line for piece in pieces for line in lines.feed(piece)] + lines.rest() == ["eins", "zwei", "ü"]


def test_a_line_that_has_not_ended_can_be_seen_and_does_not_grow_for_ever() -> None:
    lines = Lines()

    assert lines.feed(b"Password:") == []
    assert lines.begun == "Password:"
    assert lines.feed(b"\r50%" * 20_000) == []
    assert lines.begun == "50%"
    assert len(lines.feed(b"x" * 70_000)) == 1
    assert lines.rest() == []


@pytest.mark.parametrize("text", ["ä\x85b", "a\u2028b", "a\u2029b", "plain", "größe", "yes", "1e3"])
def test_yaml_reads_back_whatever_a_text_has(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_document({"labels": {"note": text}}, Form(Format.YAML))

    assert yaml.safe_load(capsys.readouterr().out) == {"labels": {"note": text}}
