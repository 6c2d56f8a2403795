"""What modules of the pages do with text alone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from api.dashboard.assets import VERSION


@pytest.fixture
def module(page: Page) -> Any:
    """Call a function of a module in the browser."""
    page.goto("/sign-in")

    def call(name: str, script: str, *arguments: Any) -> Any:
        return page.evaluate(
            f"async (given) => {{ const module = await import('/assets/{VERSION}/js/{name}.js'); {script} }}", arguments
        )

    return call


def test_a_quoted_cell_holds_separators_line_breaks_and_quotes(module: Any) -> None:
    text = 'a,"b, c"\r\n"two\nlines","she said ""no"""\n\nlast,'
    assert module("csv", "return module.rows(given[0], ',', 10)", text) == [
        ["a", "b, c"],
        ["two\nlines", 'she said "no"'],
        ["last", ""],
    ]
    assert len(module("csv", "return module.rows(given[0], '\\t', 2)", "1\n2\n3\n")) == 2


def test_colours_of_all_kinds_become_classes_and_nothing_else(module: Any) -> None:
    line = "\x1b[1;31mbold red\x1b[22;39m plain \x1b[38;5;196mred\x1b[0m\x1b[48;2;0;255;0mgreen\x1b[49m\x1b[?25l."
    found = module(
        "ansi",
        """const line = document.createElement("p"); new module.Painter().paint(given[0], line);
           return [...line.childNodes].map((one) => [one.className ?? "", one.textContent]);""",
        line,
    )
    assert found == [["a1 f1", "bold red"], ["", " plain "], ["f1", "red"], ["b2", "green"], ["", "."]]
