"""A guard that is taken out is noticed. `make mutants` takes out all of them; here a few."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from db.engine import open_database
from tests.mutants.conjuncts import find_conjuncts, list_conjuncts
from tests.mutants.equivalent import EQUIVALENT
from tests.mutants.hunt import hunter_in
from tests.mutants.table import PAGE, list_mutants, noticed_on, page

_SAMPLE = (
    "db.leases._FENCE: attempt = :attempt",
    "db.transitions._CLAIM: job.pool = :pool",
    "db.transitions._CANCEL: state IN ('blocked', 'paused', 'queued')",
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", _SAMPLE)
def test_a_guard_that_is_taken_out_is_noticed(name: str, tmp_path: Path) -> None:
    (mutant,) = [each for each in list_mutants() if each.name == name]
    with hunter_in(tmp_path) as hunter, mutant.taken_out():
        assert hunter.moves_fail() is not None


def test_conditions_are_found_also_in_nested_queries() -> None:
    sql = "UPDATE t SET a = 1 WHERE b = (c AND d) AND EXISTS (SELECT 1 FROM u WHERE e OR f) AND g RETURNING h"
    found = [sql[start:stop] for start, stop in find_conjuncts(sql)]
    assert found == ["b = (c AND d)", "EXISTS (SELECT 1 FROM u WHERE e OR f)", "g", "e OR f"]


def test_what_is_left_of_a_statement_is_still_a_statement(sqlite_template: Path) -> None:
    """Otherwise it would be the broken statement that is noticed, and not that the guard is gone."""
    database = open_database(f"sqlite:///{sqlite_template}")
    with sqlite3.connect(sqlite_template) as conn:
        for cut in list_conjuncts():
            with cut.taken_out():
                # A list is written out when it is known.
                sql = cut.statement.for_driver(database.writer).replace("IN :job_ids", "IN ('a')")
            conn.execute(f"EXPLAIN {sql}", dict.fromkeys(re.findall(r":(\w+)", sql)))
    database.close()


def test_a_page_says_of_each_guard_what_noticed_it() -> None:
    noticed = [None if mutant.name in EQUIVALENT else f"seed {at}" for at, mutant in enumerate(list_mutants())]
    assert noticed_on(page(noticed)) == noticed


def test_the_page_has_every_guard_that_there_is() -> None:
    """Another one, or one that reads otherwise, is to be hunted for: `make mutants`."""
    text = PAGE.read_text()
    assert text == page(noticed_on(text))


def test_a_guard_that_nobody_noticed_and_nobody_explained_makes_no_page() -> None:
    with pytest.raises(KeyError):
        page([None] * len(list_mutants()))


def test_every_name_stands_for_one_guard() -> None:
    names = [mutant.name for mutant in list_mutants()]
    assert len(names) == len(set(names))
    assert set(names) >= EQUIVALENT.keys()
