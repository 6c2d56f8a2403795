"""Charts of characters."""

from __future__ import annotations

import math

import pytest

from tests.cli.conftest import Shell
from tests.cli.terminal import Terminal
from tests.client.documents import JOB_ID
from tests.client.scripted import ScriptedServer
from tests.client.test_metrics import METRICS, answer
from trainshed.cli.braille import LEAST_WIDTH, draw


@pytest.mark.parametrize("width", [10, 24, 40, 80, 120])
def test_no_line_of_a_chart_is_wider_than_the_terminal(width: int) -> None:
    lines = draw(range(1_000), [math.sin(step / 50) for step in range(1_000)], width=width, height=8)

    assert len(lines) == 9
    assert max(map(len, lines)) <= max(width, LEAST_WIDTH)


def test_a_straight_line_goes_from_corner_to_corner() -> None:
    top, *_, bottom, foot = draw([0, 100], [0.0, 1.0], width=40, height=4)

    assert top.strip().startswith("1 ┤")
    assert top.endswith("⡠") or not top.endswith("⠀")
    assert bottom.split("┤")[1][0] != "⠀"
    assert foot.split() == ["0", "100"]


def test_a_flat_series_and_a_single_point_are_drawn() -> None:
    assert any(set(line) & set("⠁⠂⠄⡀⠈⠐⠠⢀⠒⠤⠉⣀⠑") for line in draw([1], [5.0], width=40, height=4)[:-1])
    assert len(draw([1, 2], [5.0, 5.0], width=40, height=4)) == 5


def test_values_that_are_no_numbers_leave_a_gap() -> None:
    assert draw([1, 2], [math.nan, math.inf], width=40, height=4) == []
    assert draw([1, 2, 3], [1.0, math.nan, 2.0], width=40, height=4)


def test_metrics_are_drawn_from_what_the_server_thinned_out_without_colours(
    shell: Shell, server: ScriptedServer
) -> None:
    server.on("GET", METRICS, answer(1, 2, 3))
    with Terminal(shell, "job", "metrics", JOB_ID, "--plot") as terminal:
        assert terminal.end() == 0

    assert "loss  1.5" in terminal.seen
    assert "┤" in terminal.seen
    assert "\x1b" not in terminal.seen
    assert server.asked[-1].query["points"] == ["1000"]


def test_into_a_pipe_metrics_are_lines_as_ever(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", METRICS, answer(1, 2, 3))

    assert shell.run("job", "metrics", JOB_ID, "--plot").stdout.startswith("loss\t3\t3\t1.5")
