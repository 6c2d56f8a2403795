"""Every setting is on the settings page, and the page names nothing that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

from api.settings import ApiSettings
from db.settings import DatabaseSettings
from reconciler.settings import ReconcilerSettings
from worker.settings import WorkerSettings

PAGE = (Path(__file__).parents[2] / "docs" / "settings.md").read_text()
OUTSIDE_OF_CLASSES = {"SECRETS_DIR", "LOG_LEVEL", "URL", "TOKEN", "CONTEXT", "DATA_DIR"}


def test_the_page_lists_exactly_the_settings_there_are() -> None:
    classes = (ApiSettings, DatabaseSettings, ReconcilerSettings, WorkerSettings)
    there_are = {name.upper() for settings in classes for name in settings.model_fields} | OUTSIDE_OF_CLASSES
    rows = [line for line in PAGE.splitlines() if line.startswith("| `TRAINSHED_")]
    listed = {name for row in rows for name in re.findall(r"`TRAINSHED_([A-Z_]+)`", row.split("|")[1])}
    assert listed == there_are
