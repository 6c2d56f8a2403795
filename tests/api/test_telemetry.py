"""GET /metrics."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from db import workers
from db.counters import Counts
from db.engine import Database
from tests.api.conftest import Api
from tests.factories import claim
from tests.reconciler.test_duties import FACTS
from trainshed.states import AttemptOutcome
from worker.tally import Tally


def scrape(api: Api) -> dict[tuple[str, ...], float]:
    """Return each sample by its name and the values of its labels in the order of their names."""
    answer = api.client.get("/metrics")
    assert answer.status_code == 200, answer.text
    families = text_string_to_metric_families(answer.text)
    samples = (sample for family in families for sample in family.samples)
    return {(one.name, *(value for _, value in sorted(one.labels.items()))): one.value for one in samples}


def add_worker(database: Database, counts: Counts, **changes: str) -> None:
    facts = replace(FACTS, **changes)
    with database.begin() as conn:
        workers.register(conn, facts)
        workers.seen(conn, facts.id, busy=1, state="active", counts=counts)


def test_each_pool_shows_what_waits_runs_and_could_run(api: Api, database: Database) -> None:
    for _ in range(3):
        api.submit()
    with database.begin() as conn:
        claim(conn)
    add_worker(database, {})
    shown = scrape(api)
    assert shown["trainshed_jobs", "cpu", "queued"] == 2
    assert shown["trainshed_jobs", "cpu", "running"] == 1
    assert shown["trainshed_slots", "cpu", "active"] == 2
    assert shown["trainshed_slots_busy", "cpu", "active"] == 1
    assert shown["trainshed_queue_oldest_seconds", "cpu"] >= 0


def test_a_pool_without_work_shows_zeros_so_that_a_scaler_can_go_down(api: Api, database: Database) -> None:
    add_worker(database, {})
    shown = scrape(api)
    assert shown["trainshed_jobs", "cpu", "queued"] == 0
    assert shown["trainshed_jobs", "cpu", "running"] == 0
    assert shown["trainshed_queue_oldest_seconds", "cpu"] == 0


def test_a_pool_without_workers_shows_that_it_has_no_slot(api: Api) -> None:
    api.submit()
    shown = scrape(api)
    assert shown["trainshed_jobs", "cpu", "queued"] == 1
    assert shown["trainshed_slots", "cpu", "active"] == 0
    assert shown["trainshed_slots_busy", "cpu", "draining"] == 0


def test_counts_of_all_workers_of_a_pool_add_up(api: Api, database: Database) -> None:
    tally = Tally()
    for source in ("hint", "hint", "poll", "next"):
        tally.claimed(source)
    tally.ended(AttemptOutcome.SUCCEEDED)
    tally.fenced()
    for worker_id, pool in (("wrk_a", "cpu"), ("wrk_b", "cpu"), ("wrk_c", "gpu")):
        add_worker(database, tally.read(), id=worker_id, pool=pool)
    shown = scrape(api)
    assert [shown["trainshed_claims_total", "cpu", source] for source in ("hint", "poll", "next")] == [4, 2, 2]
    assert shown["trainshed_claims_total", "gpu", "hint"] == 2
    assert shown["trainshed_attempts_total", "succeeded", "cpu"] == 2
    assert shown["trainshed_attempts_total", "crashed", "cpu"] == 0
    assert shown["trainshed_fenced_writes_total", "cpu"] == 2


def test_starts_are_a_histogram_whose_buckets_hold_those_below(api: Api, database: Database) -> None:
    tally = Tally()
    for latency_s in (0.01, 0.05, 0.4, 1_000.0):
        tally.started(latency_s)
    add_worker(database, tally.read())
    shown = scrape(api)
    bucket = "trainshed_start_latency_seconds_bucket"
    bounds = ("0.05", "0.25", "0.5", "300", "+Inf")
    assert [shown[bucket, bound, "cpu"] for bound in bounds] == [2, 2, 3, 3, 4]
    assert shown["trainshed_start_latency_seconds_count", "cpu"] == 4
    assert shown["trainshed_start_latency_seconds_sum", "cpu"] == pytest.approx(1_000.46)


def test_no_metric_names_a_job_or_a_project(api: Api, database: Database) -> None:
    job_id = api.submit()
    add_worker(database, {})
    page = api.client.get("/metrics").text
    assert job_id not in page
    assert not re.search("prj_|job_[0-9a-z]{8}|wrk_", page)
