"""Runs steps over a dataset and leaves what comes out as a file: `kind: preprocess`."""

from ml.prepare.run import prepare

__all__ = ["prepare"]
