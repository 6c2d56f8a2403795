"""Bodies of REST: whatever one side writes, the other reads as the same, also when it is newer and says more."""

from __future__ import annotations

import json
from datetime import UTC
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainshed import wire

BODIES = [
    body
    for body in vars(wire).values()
    if isinstance(body, type) and issubclass(body, wire.WireModel) and body is not wire.WireModel
]
numbers = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for what a field with this annotation may hold."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation is Any:
        return json_values
    if annotation is float:
        return numbers
    if origin in (Union, UnionType):
        return st.one_of([st.none() if each is NoneType else values(each) for each in inner])
    if origin is Literal:
        return st.sampled_from(inner)
    if origin is tuple:
        return st.lists(values(inner[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(st.text(max_size=8), values(inner[1]), max_size=3)
    if isinstance(annotation, type) and issubclass(annotation, wire.WireModel):
        return bodies(annotation)
    if annotation.__name__ == "datetime":
        return st.datetimes(timezones=st.just(UTC))
    return st.from_type(annotation)


def bodies(model: type[wire.WireModel]) -> st.SearchStrategy[wire.WireModel]:
    model.model_rebuild()  # a field may name a model that stands below its own
    return st.builds(model, **{name: values(field.annotation) for name, field in model.model_fields.items()})


@pytest.mark.parametrize("model", BODIES, ids=lambda model: model.__name__)
def test_a_body_reads_back_as_it_was_written(model: type[wire.WireModel]) -> None:
    @settings(max_examples=20)
    @given(bodies(model))
    def reads_back(body: wire.WireModel) -> None:
        written = body.model_dump_json()
        assert model.model_validate_json(written) == body
        newer = json.loads(written) | {"field_of_tomorrow": [1]}
        assert model.model_validate_json(json.dumps(newer)) == body

    reads_back()
