"""Why a job is where it is: what keeps it waiting, why it was tried again, why it failed."""

from api.operations.explain.explain import explain_job

__all__ = ["explain_job"]
