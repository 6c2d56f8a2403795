"""Looks into data and says what is there and what is wrong with it: `kind: profile`."""

from ml.profile.run import profile

__all__ = ["profile"]
