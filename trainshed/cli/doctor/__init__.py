"""`trainshed doctor`: one module a thing that is looked at; each check returns findings and raises nothing."""

from trainshed.cli.doctor.command import doctor

__all__ = ["doctor"]
