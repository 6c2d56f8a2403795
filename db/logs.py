"""How server processes log: one line an event, to stderr, as JSON (or for people, when stderr is a terminal).

It has nothing to do with the database; `db` is the lowest package that all server processes share.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_RENDERED: Final = "rendered"
_SECRET: Final = re.compile(r"(://[^:/@\s]*:)[^@\s/]+(?=@)|\b(trs_[0-9a-z]+_)[0-9A-Za-z_-]+")


def set_up_logs() -> None:
    """Send structlog's and the standard library's events the same way. TRAINSHED_LOG_LEVEL sets the level."""
    level = os.environ.get("TRAINSHED_LOG_LEVEL", "INFO").upper()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor = structlog.processors.JSONRenderer()
    if sys.stderr.isatty():
        # A plain traceback: the pretty one prints local variables, and those hold keys.
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    last: list[Processor] = [structlog.processors.format_exc_info, mask_secrets, renderer]
    structlog.configure(
        processors=[*shared, *last, _mark_as_rendered],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    foreign = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
    handler.setFormatter(_Formatter(foreign_pre_chain=shared, processors=foreign))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("alembic.runtime").setLevel(logging.WARNING)  # speaks at each look at the schema


def write_line(logger: str, event: str, fields: dict[str, Any], *, level: int = logging.INFO) -> None:
    """Log an event that comes with every request, for a third of what structlog takes. The line is the same."""
    if not logging.getLogger(logger).isEnabledFor(level):
        return
    if sys.stderr.isatty():
        structlog.get_logger(logger).log(level, event, **fields)
        return
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    name = logging.getLevelName(level).lower()
    line = json.dumps({**fields, "event": event, "level": name, "logger": logger, "timestamp": now}, default=str)
    record = logging.LogRecord(logger, level, "", 0, _masked(line), None, None)
    setattr(record, _RENDERED, True)
    for handler in logging.getLogger().handlers:
        handler.handle(record)


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Renders what comes from the standard library. What comes from structlog has been rendered on its way."""

    def format(self, record: logging.LogRecord) -> str:
        return record.msg if getattr(record, _RENDERED, False) else super().format(record)


def _mark_as_rendered(logger: WrappedLogger, method: str, line: Any) -> tuple[tuple[Any], dict[str, Any]]:
    return (line,), {"extra": {_RENDERED: True}}


def mask_secrets(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Blot out passwords in addresses and the secret part of API keys, wherever they stand."""
    return {key: _masked(value) if isinstance(value, str) else value for key, value in event.items()}


def _masked(text: str) -> str:
    # Hardly any text has one, and to look for these two is ten times as fast as the expression.
    if "://" not in text and "trs_" not in text:
        return text
    return _SECRET.sub(lambda match: f"{match[1] or match[2]}***", text)
