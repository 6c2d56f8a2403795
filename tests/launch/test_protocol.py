"""What a child says is checked to the last field, and whatever is not a frame is an error."""

from __future__ import annotations

import json
import socket
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainshed.states import AttemptOutcome
from worker import protocol
from worker.protocol import (
    CHILD_OUTCOMES,
    ChildFrame,
    FrameReader,
    Hello,
    Metrics,
    Progress,
    ProtocolError,
    Result,
    Task,
)

finite = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(0, 2**63 - 1)
names = st.text(
    st.characters(min_codepoint=32, exclude_characters="\x7f", exclude_categories=["Cs"]), min_size=1, max_size=200
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
messages = st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), max_size=200)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | finite | texts, st.lists, max_leaves=5
)
frames = st.one_of(
    st.builds(Hello, pid=st.integers(1, 2**31 - 1), started_ns=counts, time_ns=counts),
    st.builds(Metrics, points=st.lists(st.tuples(names, counts, finite), max_size=5).map(tuple)),
    st.builds(Progress, fraction=st.floats(0, 1), epoch=st.none() | counts, eta_s=st.none() | st.floats(0, 1e9)),
    st.builds(
        Result,
        outcome=st.sampled_from(sorted(CHILD_OUTCOMES)),
        message=messages,
        metrics=st.dictionaries(names, finite, max_size=3),
        facts=st.dictionaries(names, json_values, max_size=3),
    ),
)


def _framed(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


def _read(data: bytes) -> list[ChildFrame]:
    return list(FrameReader().feed(data))


@given(st.lists(frames, max_size=5), st.data())
def test_frames_arrive_as_they_were_sent_however_they_are_cut(sent: list[ChildFrame], data: st.DataObject) -> None:
    stream = b"".join(protocol.encode(frame) for frame in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    reader = FrameReader()
    came = [
        frame
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        for frame in reader.feed(stream[start:end])
    ]

    assert came == sent
    assert not reader.is_inside_frame


@given(st.binary(max_size=200))
def test_garbage_is_an_error_or_a_beginning_and_nothing_else(data: bytes) -> None:
    with suppress(ProtocolError):
        assert _read(data) == []


@given(st.binary(min_size=1, max_size=200))
def test_a_frame_of_garbage_is_an_error(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        _read(_framed(body))


@pytest.mark.parametrize("length", [0, protocol.LARGEST_FRAME + 1, 2**32 - 1])
def test_a_length_out_of_bounds_is_refused_before_anything_is_kept(length: int) -> None:
    with pytest.raises(ProtocolError, match="allowed"):
        _read(struct.pack(">I", length))


@pytest.mark.parametrize(
    "body",
    [
        '{"frame": "metrics", "points": [["loss", 1, NaN]]}',
        '{"frame": "metrics", "points": [["loss", 1, Infinity]]}',
        '{"frame": "metrics", "points": [["loss", 1, 1e999]]}',
        '{"frame": "metrics", "points": [["loss", 1.5, 1]]}',
        '{"frame": "metrics", "points": [["loss", "1", 1]]}',
        '{"frame": "metrics", "points": [["loss", true, 1]]}',
        '{"frame": "metrics", "points": [["loss", -1, 1]]}',
        '{"frame": "metrics", "points": [["loss", 9223372036854775808, 1]]}',
        '{"frame": "metrics", "points": [["loss", 1]]}',
        '{"frame": "metrics", "points": [["", 1, 1]]}',
        '{"frame": "metrics", "points": [["a\\nb", 1, 1]]}',
        '{"frame": "metrics", "points": [["' + "x" * 201 + '", 1, 1]]}',
        '{"frame": "metrics", "points": [], "more": 1}',
        '{"frame": "progress", "fraction": 1.1}',
        '{"frame": "progress", "fraction": "0.5"}',
        '{"frame": "result", "outcome": "preempted"}',
        '{"frame": "result", "outcome": "setup_failed"}',
        '{"frame": "result", "outcome": "no such outcome"}',
        '{"frame": "result", "outcome": "succeeded", "metrics": {"accuracy": NaN}}',
        '{"frame": "result", "outcome": "succeeded", "facts": {"deep": [NaN]}}',
        '{"frame": "result", "outcome": "succeeded", "facts": {"deep": [{"a": "\\u0000"}]}}',
        '{"frame": "result", "outcome": "succeeded", "facts": {"deep": {"\\u0000": 1}}}',
        '{"frame": "result", "outcome": "user_error", "message": "a\\u0000b"}',
        '{"frame": "hello", "pid": 0, "started_ns": 1, "time_ns": 1}',
        '{"frame": "shell", "argv": ["rm"]}',
        '{"points": []}',
        "[" * 100_000,
        "null",
        "",
        " ",
    ],
)
def test_a_frame_that_breaks_a_rule_is_refused(body: str) -> None:
    with pytest.raises(ProtocolError):
        _read(_framed(body.encode()))


def test_a_frame_that_is_too_large_is_not_sent() -> None:
    facts = {"text": "x" * protocol.LARGEST_FRAME}

    with pytest.raises(ProtocolError, match="more than"):
        protocol.encode(Result(outcome=AttemptOutcome.SUCCEEDED, facts=facts))


def test_the_child_takes_a_task_and_nothing_else() -> None:
    task = Task(job_id="job_1", attempt=1, spec={"kind": "train"}, workdir="/w", threads=1, data_roots=("/data",))
    here, there = socket.socketpair()
    with here, there:
        protocol.send(here, task)
        here.sendall(_framed(json.dumps({"frame": "hello"}).encode()))
        here.shutdown(socket.SHUT_WR)

        assert protocol.receive_task(there) == task
        with pytest.raises(ProtocolError):
            protocol.receive_task(there)
        with pytest.raises(EOFError):
            protocol.receive_task(there)
