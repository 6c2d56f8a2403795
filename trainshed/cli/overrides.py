"""Changes to a spec from the command line: `--set training.epochs=3`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import typer

_PART: Final = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_PATH: Final = re.compile(r"[^.\[\]]+(\.[^.\[\]]+|\[\d+\])*")


def read_document(file: Path) -> Any:
    """Read a spec from a file, or from stdin for `-`. Raises `InvalidSpec` for what is no YAML or JSON."""
    from trainshed.specs.parse import load_document  # noqa: PLC0415 - takes 0.2 s that only specs must pay

    name = str(file)
    if name == "-":
        text = typer.get_binary_stream("stdin").read()
    else:
        try:
            text = file.read_bytes()
        except OSError as error:
            raise typer.BadParameter(f"{name}: {error.strerror}") from error
    return load_document(text, syntax="json" if name.endswith(".json") else "yaml")


def apply(document: Any, assignments: Iterable[str]) -> Any:
    """Return `document` with each `path=value` put in; values are read as JSON, else as YAML."""
    changed = json.loads(json.dumps(document, default=str))
    for assignment in assignments:
        path, found, value = assignment.partition("=")
        if not found or not _PATH.fullmatch(path):
            raise typer.BadParameter(f"{assignment!r} is not of the form path=value, like training.epochs=3")
        _put(changed, [part or int(index) for part, index in _PART.findall(path)], _value(value), path)
    return changed


def _put(target: Any, steps: list[str | int], value: Any, path: str) -> None:
    *folders, last = steps
    for step in folders:
        target = _enter(target, step, path)
    if isinstance(last, int):
        _enter(target, last, path)
    elif not isinstance(target, dict):
        raise typer.BadParameter(f"{path}: there is no mapping to put {last!r} into")
    target[last] = value


def _enter(target: Any, step: str | int, path: str) -> Any:
    if isinstance(step, str) and isinstance(target, dict):
        return target.setdefault(step, {})
    if isinstance(step, int) and isinstance(target, list) and step < len(target):
        return target[step]
    raise typer.BadParameter(f"{path}: the spec has no {step!r} at that place")


def _value(text: str) -> Any:
    """JSON first: YAML 1.1 takes `1e-3` for a text."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    import yaml  # noqa: PLC0415 - takes 0.02 s that only such a value must pay

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text
