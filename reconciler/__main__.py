"""`python -m reconciler`: one copy of the reconciler, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import signal
import threading

import structlog

from db.engine import open_database
from db.logs import set_up_logs
from db.pulse import Pulse
from reconciler.loop import Reconciler
from reconciler.settings import ReconcilerSettings
from storage import Store, StoreError, open_store
from worker.dispatch import Publisher

log = structlog.get_logger(__name__)


def main() -> None:
    set_up_logs()
    settings = ReconcilerSettings()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    database = open_database(settings.database_url.get_secret_value(), pool_size=2)
    publisher = Publisher(settings.broker_url.get_secret_value())
    publisher.start()
    store = _open_store(settings)
    try:
        Reconciler(
            database,
            publisher,
            store=store,
            collect_garbage=settings.collect_garbage,
            pulse=Pulse(settings.pulse_file),
        ).run(stop)
    finally:
        publisher.close()
        database.close()


def _open_store(settings: ReconcilerSettings) -> Store | None:
    """A store that is not known, or not to be opened, keeps nobody from what jobs wait for."""
    if settings.store_url is None:
        log.warning("store.unknown", remedy="set TRAINSHED_STORE_URL to compact logs and to collect garbage")
        return None
    try:
        return open_store(settings.store_url)
    except StoreError as error:
        log.exception("store.unusable", error=str(error), remedy=error.advice)
        return None


if __name__ == "__main__":
    main()
