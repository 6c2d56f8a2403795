"""What a notebook shows of jobs and metrics."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from tests.client.documents import JOB_ID, job
from tests.client.test_metrics import series
from trainshed.client import Job, MetricTable
from trainshed.client.notebook import HEIGHT, WIDTH, chart_svg

EVIL = '<img src=x onerror="alert(1)">'


def test_a_job_is_shown_in_one_line_where_there_is_no_html() -> None:
    shown = repr(Job.model_validate(job(progress={"fraction": 0.25})))

    assert shown == f"<Job {JOB_ID} 'hello' command running, 25%>"


def test_a_job_is_a_table_in_which_nothing_of_it_is_markup() -> None:
    document = job(name=EVIL, message=EVIL, labels={"a": EVIL}, latest_metrics={EVIL: 0.5})
    shown = Job.model_validate(document)._repr_html_()

    assert "<img" not in shown
    assert shown.count("&lt;img") == 4
    assert "0.5" in shown


def test_metrics_are_a_table_with_a_chart_a_series() -> None:
    shown = MetricTable([series("loss", s1=0.5, s2=0.25), series(EVIL, s1=1.0), series("none")])._repr_html_()

    assert shown.count("<svg") == 2
    assert "<img" not in shown
    assert "0.25" in shown


def test_a_chart_keeps_the_peak_of_a_long_series_and_stays_small() -> None:
    values = [0.0] * 100_000
    values[54_321] = 7.0
    values[54_320] = float("nan")
    chart = ET.fromstring(chart_svg(range(100_000), values))
    line = next(each for each in chart if each.tag.endswith("polyline")).attrib["points"].split()

    assert len(line) <= 500
    heights = [float(point.split(",")[1]) for point in line]
    assert heights.count(min(heights)) == 1
    assert min(heights) < HEIGHT / 10 < max(heights)


@pytest.mark.parametrize("values", [[float("nan")], [float("inf"), float("nan")]])
def test_a_chart_of_no_number_is_nothing(values: list[float]) -> None:
    assert chart_svg(range(len(values)), values) == ""


def test_a_value_that_is_no_number_leaves_a_gap() -> None:
    chart = chart_svg([1, 2, 3, 4, 5], [1.0, 2.0, float("nan"), 2.0, 1.0])

    assert chart.count("<polyline") == 2
    assert "nan" not in chart
    assert f'width="{WIDTH}"' in chart
