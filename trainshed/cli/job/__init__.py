"""`trainshed job`."""

import typer

from trainshed.cli.invocation import Command
from trainshed.cli.job.control import cancel, logs, wait
from trainshed.cli.job.show import artifacts, download, events, get, list_jobs, metrics
from trainshed.cli.job.submit import run, submit

app = typer.Typer(no_args_is_help=True, help="Submit jobs and follow them.")

app.command("submit", cls=Command)(submit)
app.command("run", cls=Command)(run)
app.command("list", cls=Command)(list_jobs)
app.command("get", cls=Command)(get)
app.command("logs", cls=Command)(logs)
app.command("metrics", cls=Command)(metrics)
app.command("events", cls=Command)(events)
app.command("wait", cls=Command)(wait)
app.command("cancel", cls=Command)(cancel)
app.command("artifacts", cls=Command)(artifacts)
app.command("download", cls=Command)(download)
