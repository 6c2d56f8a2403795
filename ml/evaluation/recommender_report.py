"""The evaluation of a recommender for people, `report.html`, with what some users are recommended."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from ml.evaluation.page import page, provenance, table, verdict_lines, with_intervals
from ml.evaluation.quantities import is_better
from ml.evaluation.quantity_report import baselines_table
from ml.evaluation.ranking import CUT, RankingBaseline, ranks_better
from ml.evaluation.recommender_document import RecommenderDocument, ShownList


def render_recommender_report(document: RecommenderDocument) -> str:
    """Return the page."""
    return page(
        _title(document),
        [
            *verdict_lines(document, document.verdict, beats=_beats(document)),
            "<h2>Metrics</h2>",
            with_intervals(document.metrics, document.intervals),
            *_ratings(document),
            *_ranking(document),
            *_lists(document),
            "<h2>What was measured</h2>",
            provenance(document),
        ],
    )


def _title(document: RecommenderDocument) -> str:
    if document.feedback == "explicit":
        return f"{document.model_name}: ratings on {document.split}, RMSE {document.metrics['rmse']:.4f}"
    return f"{document.model_name}: lists of {CUT} on {document.split}, hit rate {document.metrics[f'hr_at_{CUT}']:.1%}"


def _beats(document: RecommenderDocument) -> bool:
    if document.feedback == "explicit":
        return all(map(is_better, document.baselines))
    return document.popularity is not None and ranks_better(document.popularity)


def _ratings(document: RecommenderDocument) -> Iterable[str]:
    if document.baselines:
        yield "<h2>Ratings beside baselines</h2>"
        yield baselines_table(document.metrics, document.baselines)


def _ranking(document: RecommenderDocument) -> Iterable[str]:
    popular = document.popularity
    if popular is None:
        return
    yield (
        f"<h2>Lists of {CUT} beside popularity</h2><p>For {document.users_ranked:,} users, each item that they had not"
        " chosen before was ranked.</p>"
    )
    names = tuple(popular.metrics)
    yield table(
        ("lists by", *(name.replace("_", " ") for name in names)),
        [_line("this model", document.metrics, names), _line(popular.name, popular.metrics, names)],
    )
    yield _difference(popular)


def _line(name: str, metrics: dict[str, float], names: tuple[str, ...]) -> tuple[str, ...]:
    return name, *(f"{metrics[each]:.4f}" for each in names)


def _difference(popular: RankingBaseline) -> str:
    interval = popular.hr_difference_interval
    return (
        f"<p>Difference of hit rates {popular.hr_difference:+.4f}, 95 % interval {interval.low:+.4f} to"
        f" {interval.high:+.4f}, the same users drawn for both.</p>"
    )


def _lists(document: RecommenderDocument) -> Iterable[str]:
    if document.lists:
        yield "<h2>What some users are recommended</h2>"
    for shown in document.lists:
        yield _list(shown)


def _list(shown: ShownList) -> str:
    items = "".join(
        f"<li>{f'<strong>{escape(item.name)}</strong> (chosen)' if item.relevant else escape(item.name)}</li>"
        for item in shown.items
    )
    return (
        f"<h3>{escape(shown.user)}</h3><p>Before: {escape('; '.join(shown.before) or 'nothing')}. Chose:"
        f" {escape('; '.join(shown.chose))}.</p><ol>{items}</ol>"
    )
