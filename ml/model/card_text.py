"""The model card for people, `MODEL_CARD.md`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ml.model.card import Card


@dataclass(frozen=True, slots=True)
class CardText:
    """What a family says of its own, in Markdown."""

    kind: str
    """For example "An image classifier"."""
    learns: str
    """For example "2 classes: ill, well"."""
    usage: str
    """What model.keras takes and gives."""
    preparation: str
    """What happens between data and network."""


def named_classes(classes: Sequence[str]) -> str:
    """Return what a classifier learns, in words."""
    return f"{len(classes)} classes: {', '.join(classes)}"


def render_card(card: Card, text: CardText) -> str:
    """Return the card as Markdown."""
    return "\n\n".join(
        [
            f"# {card.name}",
            _introduction(card, text),
            f"## Numbers\n\n{_metrics(card)}",
            f"## Data\n\n{_data(card)}",
            f"## Preprocessing\n\n{text.preparation}",
            f"## Make it again\n\n{_recipe(card)}",
            f"```json\n{json.dumps(card.spec, indent=2)}\n```\n",
        ]
    )


def _introduction(card: Card, text: CardText) -> str:
    return f"{text.kind} (`{card.preset}`, {card.parameters:,} parameters) for {text.learns}.\n\n{text.usage}"


def _metrics(card: Card) -> str:
    rows = "\n".join(f"| {name.replace('_', ' ')} | {value:.4f} |" for name, value in card.metrics.items())
    return (
        f"After epoch {card.exported_epoch} of {len(card.history)}:\n\n| metric | value |\n|---|---|\n{rows}\n\n"
        "The test part has not been looked at. Measure it with an `evaluate` job."
    )


def _data(card: Card) -> str:
    data = card.data
    counts = ", ".join(f"{count} {name}" for name, count in data.counts.items())
    lines = [
        f"- Source: `{data.source}`. {data.provenance}",
        f"- Licence: {data.licence}",
        f"- Examples: {counts} (split seed {data.split.seed}, {'' if data.split.stratify else 'not '}stratified)",
        f"- SHA-256 of the content: `{data.digest}`",
    ]
    lines += [f"- Left out by cleaning: {count} ({why})" for why, count in data.dropped.items()]
    lines += [f"- **Warning**: {finding}" for finding in data.findings]
    if data.synthetic:
        lines.insert(0, "- **Synthetic data**: the numbers say nothing about the real world.")
    return "\n".join(lines)


def _recipe(card: Card) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in card.versions.items())
    return (
        f"The spec below with {card.threads} thread(s) and {versions} gives the same weights, bit for bit, on the same "
        f"kind of processor: SHA-256 `{card.weights_sha256}`."
    )
