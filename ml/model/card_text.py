"""The model card for people, `MODEL_CARD.md`."""

from __future__ import annotations

import json

from ml.model.card import ModelCard


def render_card(card: ModelCard) -> str:
    """Return the card as Markdown."""
    return "\n\n".join(
        [
            f"# {card.name}",
            _introduction(card),
            f"## Numbers\n\n{_metrics(card)}",
            f"## Data\n\n{_data(card)}",
            f"## Preprocessing\n\n{_preprocessing(card)}",
            f"## Make it again\n\n{_recipe(card)}",
            f"```json\n{json.dumps(card.spec, indent=2)}\n```\n",
        ]
    )


def _introduction(card: ModelCard) -> str:
    height, width, channels = card.input_shape
    return (
        f"An image classifier (`{card.preset}`, {card.parameters:,} parameters) for {len(card.classes)} classes: "
        f"{', '.join(card.classes)}.\n\n"
        f"`model.keras` takes raw images of {height} x {width} pixels and {channels} channel(s), float32, and gives "
        "one logit a class; their softmax are probabilities."
    )


def _metrics(card: ModelCard) -> str:
    rows = "\n".join(f"| {name.replace('_', ' ')} | {value:.4f} |" for name, value in card.metrics.items())
    return (
        f"After epoch {card.exported_epoch} of {len(card.history)}:\n\n| metric | value |\n|---|---|\n{rows}\n\n"
        "The test part has not been looked at. Measure it with an `evaluate` job."
    )


def _data(card: ModelCard) -> str:
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
        lines.insert(0, "- **Synthetic data**: the numbers say nothing about real images.")
    return "\n".join(lines)


def _preprocessing(card: ModelCard) -> str:
    steps = [step.model_dump(mode="json") for step in card.preprocess]
    listed = "\n".join(f"{number}. `{json.dumps(step)}`" for number, step in enumerate(steps, start=1))
    return f"Part of the saved model, in order:\n\n{listed}" if listed else "None."


def _recipe(card: ModelCard) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in card.versions.items())
    return (
        f"The spec below with {card.threads} thread(s) and {versions} gives the same weights, bit for bit, on the same "
        f"kind of processor: SHA-256 `{card.weights_sha256}`."
    )
