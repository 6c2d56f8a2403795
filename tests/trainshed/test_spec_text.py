"""Specs as text: written as JSON or YAML they read back as the same; so do lengths of time, sizes and overrides."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from trainshed.cli.times import seconds
from trainshed.specs import JobSpec, brief_spec, dump_spec, load_spec, parse_spec
from trainshed.specs.base import parse_duration, parse_size
from trainshed.yaml_text import write_yaml

names = st.from_regex(r"[a-z0-9]([a-z0-9._-]{0,20}[a-z0-9])?", fullmatch=True)
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
job_ids = st.from_regex(r"job_[0-9a-z]{26}", fullmatch=True)
lengths = st.floats(0.001, 1e6).map(lambda number: round(number, 3))
cpus = st.integers(1, 64).map(lambda quarters: quarters / 4)
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
BYTES = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}

COMMON = {
    "name": names,
    "labels": st.dictionaries(names, st.from_regex(r"[^\x00-\x1f\x7f]{0,20}", fullmatch=True), max_size=3),
    "priority": st.integers(-1000, 1000),
    "env": st.dictionaries(st.from_regex(r"X[A-Za-z0-9_]{0,10}", fullmatch=True), words, max_size=3),
    "depends_on": st.lists(job_ids, max_size=3, unique=True),
    "resources": st.fixed_dictionaries({}, optional={"cpus": cpus, "memory": st.integers(1, 2**40), "pool": names}),
    "timeout": st.fixed_dictionaries({}, optional={"run": lengths, "queue": lengths}),
}
KINDS = {
    "command": {"command": st.lists(words, min_size=1, max_size=4)},
    "evaluate": {"model": st.fixed_dictionaries({"job": job_ids})},
    "predict": {"model": st.fixed_dictionaries({"job": job_ids}), "data": st.just({"dataset": "asked@1"})},
    "train": {
        "data": st.just({"dataset": "builtin/digits"}),
        "model": st.just({"family": "image_classifier", "preset": "cnn_small"}),
        "training": st.fixed_dictionaries({"epochs": st.integers(1, 100), "seed": st.integers(0, 2**31 - 1)}),
        "preprocess": st.lists(st.just({"step": "rescale", "scale": 0.0625}), max_size=1),
    },
}


@st.composite
def specs(draw: st.DrawFn) -> JobSpec:
    kind = draw(st.sampled_from(sorted(KINDS)))
    required = {"kind": st.just(kind), "name": names, **KINDS[kind]}
    optional = {name: strategy for name, strategy in COMMON.items() if name not in required}
    document: dict[str, Any] = draw(st.fixed_dictionaries(required, optional=optional))
    return parse_spec(document)


@given(specs())
def test_a_spec_with_all_defaults_reads_back_from_json_and_from_yaml(spec: JobSpec) -> None:
    document = dump_spec(spec)

    assert parse_spec(document) == spec
    assert load_spec(json.dumps(document), syntax="json") == spec
    assert load_spec(write_yaml(document)) == spec
    assert load_spec(write_yaml(document, default_flow_style=True)) == spec


@pytest.mark.parametrize("name", ["0e0", "1e-3", "7", "1.5", "yes", "null", "2024-12-31"])
def test_a_name_that_looks_like_something_else_is_written_in_quotes(name: str) -> None:
    spec = parse_spec({"kind": "command", "name": name, "command": "true"})
    assert load_spec(write_yaml(brief_spec(spec))) == spec


@given(st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(sorted(UNITS))), min_size=1, max_size=4))
def test_a_length_of_time_is_the_sum_of_its_parts_wherever_it_is_written(
    parts: list[tuple[int, str]],
) -> None:
    text = "".join(f"{number}{unit}" for number, unit in parts)
    length = sum(number * UNITS[unit] for number, unit in parts)

    assert parse_duration(text) == pytest.approx(length)
    assert seconds(text) == parse_duration(text)


@given(st.text(alphabet="0123456789.dhms -,e", max_size=12))
def test_the_command_line_takes_the_lengths_of_time_that_specs_take(text: str) -> None:
    in_spec = in_command = None
    with suppress(PydanticCustomError):
        in_spec = parse_duration(text)
    with suppress(typer.BadParameter):
        in_command = seconds(text)
    if not (text.isascii() and text.isdigit()):  # plain seconds are numbers in a spec, and text on a command line
        assert in_command == in_spec


@given(st.integers(0, 10**6), st.sampled_from(sorted(BYTES)), st.sampled_from(["", "B", "b"]))
def test_a_size_is_its_number_times_its_unit(number: int, unit: str, ending: str) -> None:
    assert parse_size(f"{number}{unit}{ending}") == number * BYTES[unit]
    assert parse_size(f" {number} {unit.lower()}{ending} ") == number * BYTES[unit]


@given(st.text())
def test_any_other_text_is_no_size_and_nothing_worse(text: str) -> None:
    with suppress(PydanticCustomError):
        assert parse_size(text) >= 0


@given(specs())
def test_a_spec_without_its_defaults_reads_back_as_the_same(spec: JobSpec) -> None:
    brief = brief_spec(spec)
    assert parse_spec(brief) == spec
    assert next(iter(brief)) == "kind"
    assert "retry" not in brief
