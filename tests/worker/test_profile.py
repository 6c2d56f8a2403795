"""Of what a profile job leaves only that is kept which can be stored and shown."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from db import datasets
from db.engine import Database
from worker.profile import MOST_BYTES, BadProfile, read_profile


def nested(depth: int) -> Any:
    return {} if depth == 0 else {"a": nested(depth - 1)}


@pytest.mark.parametrize("document", [{}, {"rows": 7, "é\u2028": [1.5, None, True, "x" * 1000]}, nested(10)])
def test_plain_json_is_read_as_it_is(tmp_path, document):
    (tmp_path / "profile.json").write_text(json.dumps(document))
    assert read_profile(tmp_path) == document


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "no JSON"),
        ("[]", "no JSON object"),
        ('{"a": NaN}', "no JSON"),
        ('{"a": -Infinity}', "no JSON"),
        ('{"a": 1e400}', "too large"),
        ('{"a": ' + "9" * 30 + "}", "too large"),
        ('{"a": ' + "9" * 5_000 + "}", "no JSON"),
        ('{"a": "\\u0000"}', "NUL"),
        ('{"\\u0000": 1}', "NUL"),
        ('{"a": ["\\ud800"]}', "surrogate"),
        (json.dumps(nested(40)), "nested deeper"),
        ("[" * 100_000, "no JSON"),
        ('{"a": "' + "x" * MOST_BYTES + '"}', "more than"),
        (b"\xff\xfe{", "no JSON"),
    ],
)
def test_what_could_not_be_stored_or_shown_is_refused(tmp_path, content, says):
    (tmp_path / "profile.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadProfile, match=says):
        read_profile(tmp_path)


def test_a_link_a_pipe_a_folder_and_nothing_are_no_profile(tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    path = tmp_path / "output" / "profile.json"
    path.parent.mkdir()
    with pytest.raises(BadProfile, match="No such file"):
        read_profile(path.parent)
    path.symlink_to(secret)
    with pytest.raises(BadProfile, match="cannot be opened"):
        read_profile(path.parent)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(BadProfile, match="no plain file"):
        read_profile(path.parent)
    path.unlink()
    path.mkdir()
    with pytest.raises(BadProfile):
        read_profile(path.parent)


def test_whatever_is_read_both_databases_take(tmp_path: Path, database: Database) -> None:
    (tmp_path / "profile.json").write_text(
        '{"a\\u0001\\uffff": [9223372036854775807, 1e308, "\\ud83d\\ude00\\\\u0000"]}'
    )
    with database.begin() as conn:
        datasets.note_profile(conn, "job_none", read_profile(tmp_path))
