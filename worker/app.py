"""The Celery application: `celery -A worker.app worker --pool threads --concurrency 4` starts a whole worker.

Celery runs the hint task on one thread for each slot; all else hangs on two boot steps. The settings come from the
environment, so that Celery's own command line works.
"""

from __future__ import annotations

import logging
import os
import signal
from functools import cached_property
from typing import Any

from celery import Celery, bootsteps
from celery.apps.worker import Worker as CeleryWorker
from celery.signals import setup_logging, worker_shutting_down

from db.logs import set_up_logs
from worker.bell import Bell
from worker.celery_config import HINT_TASK, broker_client, celery_settings, queue_of
from worker.plan import plan_worker, slots_of
from worker.runtime import Runtime
from worker.settings import WorkerSettings
from worker.watch import ConsumerWatch


class QuietWorker(CeleryWorker):
    """A Celery worker on threads that neither gossips nor mingles, whatever the command line says.

    Those two have no setting. The threads pool is forced because supervisors of jobs must share one process.
    """

    def __init__(self, app: Any = None, hostname: Any = None, **options: Any) -> None:
        quiet = {"without_gossip": True, "without_mingle": True, "pool_cls": "threads", "pool": "threads"}
        options["without_heartbeat"] = not (app or self.app).conf.worker_enable_remote_control
        super().__init__(app, hostname, **{**options, **quiet})


class WorkerApp(Celery):
    """Celery with our worker class."""

    @cached_property
    def Worker(self) -> Any:  # noqa: N802 - Celery's name
        return self.subclass_with_self(QuietWorker)


class RuntimeStep(bootsteps.StartStopStep):
    """Starts the runtime before the consumer connects: without a broker the worker polls, and works."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        parent.runtime = None
        super().__init__(parent, **options)

    def start(self, parent: Any) -> None:
        settings = WorkerSettings(slots=parent.concurrency)
        runtime = Runtime(settings, plan_worker(settings))
        runtime.start()
        parent.runtime = app.runtime = runtime
        parent.watch = ConsumerWatch(broker_client(settings.broker_url.get_secret_value()), _leave)
        parent.watch.start()

    def stop(self, parent: Any) -> None:
        if parent.runtime is not None:
            parent.watch.stop()
            parent.runtime.stop()

    terminate = stop


class ConsumeWhileFreeStep(bootsteps.StartStopStep):
    """Takes a hint from the broker only while a slot is free.

    Celery counts its own tasks only. Slots filled by the poller are busy too, and a busy worker that takes a hint keeps
    it from one that is idle. Celery asks whether it may consume once in each turn of its loop, and a turn in which
    nothing happens lasts a second: a slot that becomes free rings a bell that ends it.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **options: Any) -> None:
        self._bell: Bell | None = None
        super().__init__(parent, **options)

    def start(self, parent: Any) -> None:
        runtime, watch = parent.controller.runtime, parent.controller.watch
        self._bell = bell = Bell()
        parent.hub.add_reader(bell.descriptor, bell.silence)
        runtime.slots.freed = bell.ring
        qos = parent.task_consumer.channel.qos
        celerys_answer = qos.can_consume

        def can_consume() -> bool:
            watch.tick()
            return runtime.takes_hints and bool(celerys_answer())

        qos.can_consume = can_consume

    def stop(self, parent: Any) -> None:
        if self._bell is not None:
            parent.hub.remove_reader(self._bell.descriptor)
            self._bell.close()
            self._bell = None


def make_app(settings: WorkerSettings) -> WorkerApp:
    """Return the application for one worker process."""
    made = WorkerApp("trainshed", set_as_current=False)
    made.conf.update(
        celery_settings(settings.broker_url.get_secret_value(), remote_control=settings.remote_control)
        | {
            "task_default_queue": queue_of(settings.serves),
            "worker_concurrency": slots_of(settings),
        }
    )
    made.steps["worker"].add(RuntimeStep)
    made.steps["consumer"].add(ConsumeWhileFreeStep)
    made.runtime = None
    return made


app = make_app(WorkerSettings())


@app.task(name=HINT_TASK, ignore_result=True)
def hint(pool: str = "") -> None:
    """There may be work. Which pool the hint names does not matter: a worker looks for its own."""
    if app.runtime is not None:
        app.runtime.look()


def _leave() -> None:
    """Drain and exit; whoever runs this worker starts a fresh one."""
    os.kill(os.getpid(), signal.SIGTERM)


@worker_shutting_down.connect
def _drain(**_: Any) -> None:
    if app.runtime is not None:
        app.runtime.drain()


@setup_logging.connect
def _set_up_logs(**_: Any) -> None:
    set_up_logs()
    for chatty in ("celery.worker.strategy", "celery.app.trace"):  # a line for each hint says nothing of jobs
        logging.getLogger(chatty).setLevel(logging.WARNING)
