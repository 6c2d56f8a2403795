"""GET /api/v1/jobs/{id}/explain."""

from __future__ import annotations

from typing import Any

import pytest

from api.operations.explain.evidence import pick_evidence
from db import reports
from db.engine import Database
from tests.api.conftest import Api, assert_problem
from tests.api.test_jobs_create import register
from tests.factories import claim, end
from trainshed.ids import new_id
from trainshed.outcomes import ADVICE
from trainshed.states import AttemptOutcome, Reason


def explained(api: Api, job_id: str) -> dict[str, Any]:
    answer = api.get(f"/jobs/{job_id}/explain")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def broken(found: dict[str, Any]) -> str | None:
    return next((rule["name"] for rule in found["rules"] if rule["holds"] is False), None)


def test_a_job_without_workers_is_told_that_none_serves_its_pool(api: Api) -> None:
    found = explained(api, api.submit())

    assert (broken(found), found["clear"]) == ("workers", False)
    assert "No worker serves the pool cpu" in found["summary"]
    assert [rule["holds"] for rule in found["rules"]][4:] == [None] * 5


def test_a_job_that_a_worker_would_take_is_clear_and_the_next_one_waits_for_it(api: Api, database: Database) -> None:
    register(database, id="wrk_a", name="a")
    first, second = api.submit(), api.submit()

    assert explained(api, first)["clear"]
    later = explained(api, second)
    assert (broken(later), later["ahead"]) == ("first", 1)
    assert later["rules"][-1]["facts"] == {"before": first}
    assert later["workers"][0]["obstacle"] == "first"


def test_a_held_job_and_one_that_needs_another_say_so(api: Api) -> None:
    parent = api.submit()
    child = api.submit(depends_on=[parent])
    held = api.submit()
    api.post(f"/jobs/{held}/hold")

    assert broken(explained(api, held)) == "not_held"
    waits = explained(api, child)
    assert broken(waits) == "dependencies"
    assert waits["rules"][1]["facts"] == {"needs": {parent: "queued"}}


def test_a_job_that_waits_for_its_next_attempt_says_after_what_and_how_often_it_may(
    api: Api, database: Database
) -> None:
    job_id = api.submit()
    with database.begin() as conn:
        end(conn, claim(conn), AttemptOutcome.CRASHED)
    found = explained(api, job_id)

    assert broken(found) == "not_before"
    assert found["not_before"] is not None
    (retry,) = found["retries"]
    assert (retry["attempt"], retry["outcome"], retry["used"], retry["allowed"]) == (1, "crashed", 1, 2)


def test_a_running_job_says_what_it_was_asked_for(api: Api, database: Database) -> None:
    job_id = api.submit()
    with database.begin() as conn:
        claim(conn)
    assert api.post(f"/jobs/{job_id}/cancel").status_code == 202

    found = explained(api, job_id)
    assert found["summary"].startswith("It was asked to end")
    assert not found["rules"]


def test_a_failed_job_shows_the_lines_of_its_log_that_tell_why_and_what_to_try(api: Api, database: Database) -> None:
    job_id = api.submit()
    with database.begin() as conn:
        won = claim(conn)
        log = b'start\nTraceback (most recent call last):\n  File "a.py", line 1\nValueError: \x1b[31mbad\x1b[0m\nbye\n'
        assert reports.append_log(conn, won.lease, start=0, data=log)
        end(conn, won, AttemptOutcome.USER_ERROR)
    failure = explained(api, job_id)["failure"]

    assert failure["reason"] == "user_error"
    assert failure["evidence"] == [*("Traceback (most recent call last):", '  File "a.py", line 1', "ValueError: bad")]
    assert job_id in failure["remedies"][0]


def test_a_job_that_succeeded_has_no_failure(api: Api, database: Database) -> None:
    job_id = api.submit()
    with database.begin() as conn:
        end(conn, claim(conn))

    assert explained(api, job_id)["failure"] is None


def test_a_job_of_another_project_is_not_there(api: Api) -> None:
    assert_problem(api.get(f"/jobs/{api.submit()}/explain", as_="other"), 404, "not_found")
    assert_problem(api.get(f"/jobs/{new_id('job')}/explain"), 404, "not_found")


def test_every_reason_with_which_a_job_may_end_without_success_has_advice() -> None:
    ends = {Reason(outcome.value) for outcome in AttemptOutcome if outcome.value in set(Reason)}
    never_at_the_end = {Reason.RUNNING, Reason.PREEMPTED, Reason.PAUSED}
    others = {Reason.DEPENDENCY_FAILED, Reason.QUEUE_TIMEOUT, Reason.CANCELLED_BY_USER}
    assert set(ADVICE) == ends - never_at_the_end | others


@pytest.mark.parametrize(
    ("log", "lines"),
    [
        (b"", ()),
        (b"one\n\ntwo\n", ("one", "two")),
        (b"ok\nerror: no disk\nok\n", ("error: no disk",)),
        (b"10%\r20%\rfailed\n", ("failed",)),
    ],
)
def test_evidence_is_the_lines_that_name_an_error_or_the_last_ones(log: bytes, lines: tuple[str, ...]) -> None:
    assert pick_evidence(log) == lines


def test_evidence_of_a_long_traceback_keeps_its_end() -> None:
    frames = b"".join(b'  File "a.py", line %d\n' % number for number in range(100))
    found = pick_evidence(b"Traceback (most recent call last):\n" + frames + b"KeyError: 'x'\n")

    assert len(found) == 12
    assert found[-1] == "KeyError: 'x'"
