"""`python -m reconciler`: one copy of the reconciler, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import signal
import threading

from db.engine import open_database
from db.logs import set_up_logs
from reconciler.loop import Reconciler
from reconciler.settings import ReconcilerSettings
from worker.dispatch import Publisher


def main() -> None:
    set_up_logs()
    settings = ReconcilerSettings()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    database = open_database(settings.database_url.get_secret_value(), pool_size=2)
    publisher = Publisher(settings.broker_url.get_secret_value())
    publisher.start()
    try:
        Reconciler(database, publisher).run(stop)
    finally:
        publisher.close()
        database.close()


if __name__ == "__main__":
    main()
