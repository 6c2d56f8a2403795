"""What a child sends reaches the supervisor checked, and one that breaks the protocol is found out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.launch.jobs import launch
from worker.launch.events import BadFrame, ChannelClosed, Exited, Gone, Started
from worker.launch.launcher import Flavour, Zygote
from worker.protocol import Hello, Metrics, Result


@pytest.fixture(scope="module")
def quick() -> Iterator[Zygote]:
    with Zygote(Flavour("quick", "tests.launch.preloads.quick")) as zygote:
        yield zygote


@pytest.mark.parametrize("raw", ["ffffffff", "00000000", "00000002 7b7d", "00000003 ff00ff"])
def test_a_bad_frame_is_an_event_and_the_child_can_be_killed(quick: Zygote, tmp_path: Path, raw: str) -> None:
    job = launch(quick, tmp_path, task={"raw": raw, "run": "import time; time.sleep(60)"})
    job.wait_for(BadFrame)
    job.running.kill()
    job.finish()

    assert not job.has(Result)


def test_all_that_a_child_said_comes_before_its_exit(quick: Zygote, tmp_path: Path) -> None:
    flood = "for step in range(300): protocol.send(channel, protocol.Metrics(points=(('loss', step, 1.0),) * 50))"
    job = launch(quick, tmp_path, task={"run": flood})
    job.finish()
    kinds = [type(event) for event in job.events]

    assert kinds == [Started, Hello, *[Metrics] * 300, Result, ChannelClosed, Exited, Gone]


def test_the_child_holds_no_descriptor_but_its_channel(quick: Zygote, tmp_path: Path) -> None:
    code = "import os; print([n for n in range(99) if os.path.lexists(f'/proc/self/fd/{n}')], flush=True)"
    job = launch(quick, tmp_path, task={"run": code})
    job.finish()

    assert job.log == "[0, 1, 2, 3]\n"


def test_what_a_spec_sets_is_in_the_environment_of_the_child(quick: Zygote, tmp_path: Path) -> None:
    code = "import os; print(os.environ['GREETING'], os.environ['HOME'], os.getcwd(), flush=True)"
    job = launch(quick, tmp_path, task={"run": code}, env={"GREETING": "hello"})
    job.finish()

    assert job.log == f"hello {job.folder}/work {job.folder}/work\n"
