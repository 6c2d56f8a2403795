"""The life of a job as data: what derives from it agrees with it."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import CheckConstraint

from db import transitions
from db.models import Attempt, Job
from trainshed.specs import RetryBudget
from trainshed.states import (
    TERMINAL_STATES,
    TRANSITIONS,
    UNCHARGED_OUTCOMES,
    AttemptOutcome,
    JobState,
    Reason,
)

ROOT = Path(__file__).parents[2]


def test_no_transition_leaves_a_terminal_state() -> None:
    assert all(not transition.sources & TERMINAL_STATES for transition in TRANSITIONS)


def test_every_transition_has_a_function_of_its_name() -> None:
    missing = [one.name for one in TRANSITIONS if one.name != "unblock" and not hasattr(transitions, one.name)]
    assert missing == []
    assert hasattr(transitions, "settle")  # decides between unblock and cancel


def test_job_state_is_written_in_one_file_alone() -> None:
    set_clauses = re.compile(r"UPDATE\s+job\s+SET(.*?)WHERE", re.DOTALL)
    core_update = re.compile(r"update\(Job")
    writers = set()
    for package in ("db", "worker", "api", "reconciler", "standalone", "storage"):
        for path in (ROOT / package).rglob("*.py"):
            source = path.read_text()
            if core_update.search(source) or any(re.search(r"\bstate\s*=", one) for one in set_clauses.findall(source)):
                writers.add(path.relative_to(ROOT).as_posix())
    assert writers == {"db/transitions.py"}


def test_the_checks_of_the_schema_list_exactly_the_states_and_outcomes() -> None:
    assert set(re.findall(r"'(\w+)'", check_of(Job, "ck_job_state"))) == set(JobState)
    assert set(re.findall(r"'(\w+)'", check_of(Attempt, "ck_attempt_outcome"))) == set(AttemptOutcome)


def check_of(model: type[Job | Attempt], name: str) -> str:
    constraints = [one for one in model.__table__.constraints if isinstance(one, CheckConstraint)]  # type: ignore[attr-defined]
    return next(str(one.sqltext) for one in constraints if one.name == name)


def test_every_outcome_that_ends_a_job_has_a_reason_and_only_charged_ones_a_budget() -> None:
    budgets = set(RetryBudget.model_fields)
    for outcome in AttemptOutcome:
        if outcome.value in budgets:
            assert outcome not in UNCHARGED_OUTCOMES
            assert Reason(outcome.value)


def test_the_diagram_in_the_docs_shows_every_transition() -> None:
    page = (ROOT / "docs" / "state_machine.md").read_text()
    for transition in TRANSITIONS:
        for target in transition.targets:
            for source in transition.sources or {None}:
                arrow = f"{source.value if source else '[*]'} --> {target.value}: {transition.name}"
                assert arrow in page, arrow
