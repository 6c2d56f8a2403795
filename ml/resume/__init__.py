"""Exact resume: the whole state of a training as one file, and a run that goes on from it bit for bit."""
