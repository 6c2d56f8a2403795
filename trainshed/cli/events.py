"""`trainshed events`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from trainshed.cli.exits import Exit
from trainshed.cli.invocation import invocation
from trainshed.cli.messages import note
from trainshed.cli.output import Column, View, print_as_it_comes
from trainshed.cli.views import EVENTS

if TYPE_CHECKING:
    from trainshed.client import ProjectEvent

_OF_ONE_JOB: Final[tuple[Column[Any], ...]] = EVENTS.columns

OF_ALL_JOBS: Final[View[ProjectEvent]] = View(
    lambda event: f"{event.job_id}:{event.seq}",
    (
        _OF_ONE_JOB[0],
        Column("JOB", lambda event: event.job_id, width=30),
        *_OF_ONE_JOB[1:],
        Column("CURSOR", lambda event: event.cursor, wide=True),
    ),
)


def events(
    context: typer.Context,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Show what happens from now on, until Ctrl-C.")
    ] = False,
    after: Annotated[
        str | None, typer.Option("--after", metavar="CURSOR", help="Begin after this event; -o wide shows cursors.")
    ] = None,
) -> None:
    """Show what happens to all jobs of the project.

    Without --follow from the oldest event to the newest.
    """
    invoked = invocation(context)
    with invoked.patient_client() if follow else invoked.client() as client:
        try:
            print_as_it_comes(client.project_events(follow=follow, after=after), OF_ALL_JOBS, invoked.form)
        except KeyboardInterrupt as error:
            note("\nNo longer watching.")
            raise typer.Exit(Exit.INTERRUPTED) from error
