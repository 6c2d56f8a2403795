"""The file of a training's state: exact, whole or not at all, and never believed unread."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from ml.resume.environment import differences, environment
from ml.resume.file import DamagedState, read_state, write_state
from ml.resume.state import Position, TrainingState

STATE = TrainingState(
    position=Position(step=7, epoch=1, step_in_epoch=2),
    arrays={"kernel": np.arange(6, dtype=np.float32).reshape(2, 3), "seed": np.array([1, 2**32 - 1], np.uint32)},
    values={"history": [{"loss": 0.25}], "best": None},
    environment={"threads": 1},
)
DTYPES = [np.float16, np.float32, np.float64, np.int8, np.int32, np.int64, np.uint8, np.uint32, np.uint64, np.bool_]


@st.composite
def states(draw: st.DrawFn) -> TrainingState:
    arrays = {}
    for name in draw(st.lists(st.text(min_size=1, max_size=20), max_size=4, unique=True)):
        dtype = draw(st.sampled_from(DTYPES))
        arrays[name] = draw(st_numpy.arrays(dtype, st_numpy.array_shapes(min_dims=0, min_side=0, max_dims=3)))
    values = st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False))
    finite = {key: value for key, value in draw(values).items() if value not in {float("inf"), float("-inf")}}
    return TrainingState(Position(draw(st.integers(0, 2**40)), 1, 2), arrays, finite, {})


@given(state=states())
def test_what_is_written_is_read_bit_for_bit(state: TrainingState, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "state"
    write_state(state, path)
    read = read_state(path)
    assert read.position == state.position
    assert read.values == state.values
    assert list(read.arrays) == list(state.arrays)
    for name, array in state.arrays.items():
        assert (read.arrays[name].dtype, read.arrays[name].shape) == (array.dtype, array.shape)
        assert read.arrays[name].tobytes() == array.tobytes()


def test_a_value_keeps_all_its_digits(tmp_path: Path) -> None:
    values = {"loss": 0.1 + 0.2, "small": 5e-324}
    write_state(TrainingState(STATE.position, {}, values, {}), tmp_path / "state")
    assert read_state(tmp_path / "state").values == values


def test_objects_are_no_state(tmp_path: Path) -> None:
    state = TrainingState(STATE.position, {"bad": np.array([{}], dtype=object)}, {}, {})
    with pytest.raises(TypeError, match="no plain numbers"):
        write_state(state, tmp_path / "state")


def test_a_crash_while_writing_leaves_the_last_one_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state"
    write_state(STATE, path)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_state(TrainingState(Position(8, 1, 3), {}, {}, {}), path)
    assert read_state(path).position.step == 7
    assert [each.name for each in tmp_path.iterdir()] == ["state"]


KILLED = """
import os, signal, sys
from pathlib import Path
import numpy as np
from ml.resume import file
from ml.resume.state import Position, TrainingState
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
file.write_state(TrainingState(Position(8, 1, 3), {"x": np.zeros(1000)}, {}, {}), Path(sys.argv[1]))
"""


def test_a_kill_while_writing_leaves_the_last_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "state"
    write_state(STATE, path)
    done = subprocess.run([sys.executable, "-c", KILLED, path], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == -9
    assert read_state(path).position.step == 7


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "state"
    write_state(STATE, path)
    return path


def test_no_byte_may_differ(written: Path) -> None:
    content = written.read_bytes()
    for place in range(len(content)):
        written.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(DamagedState):
            read_state(written)


def test_no_byte_may_be_missing(written: Path) -> None:
    content = written.read_bytes()
    for length in range(len(content)):
        written.write_bytes(content[:length])
        with pytest.raises(DamagedState):
            read_state(written)


def forged(path: Path, **changes: Any) -> None:
    """Write a file whose manifest is well signed and lies."""
    entry = {"name": "x", "dtype": "<f4", "shape": [1], "offset": 0, "sha256": "0" * 64, **changes}
    manifest = {"step": 1, "epoch": 0, "step_in_epoch": 1, "arrays": [entry], "values": {}, "environment": {}}
    text = json.dumps(manifest).encode()
    path.write_bytes(b"TSSTATE1" + len(text).to_bytes(8) + hashlib.sha256(text).digest() + text + bytes(4))


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": [2**39, 2**39]},
        {"shape": [-1]},
        {"dtype": "|O8"},
        {"dtype": "|V4"},
        {"dtype": "<f3"},
        {"offset": 2**60},
        {"sha256": "x"},
        {"more": 1},
    ],
    ids=str,
)
def test_a_manifest_that_lies_is_refused_before_memory_is_taken(changes: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "state"
    forged(path, **changes)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DamagedState):
        read_state(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_the_environment_is_compared_in_words() -> None:
    now = environment(threads=2)
    assert differences(now, now) == []
    assert differences({**now, "threads": 1}, now) == ["threads was 1 and is 2"]
    assert differences({}, {"avx": ["a", "b"]}) == ["avx was None and is a, b"]
