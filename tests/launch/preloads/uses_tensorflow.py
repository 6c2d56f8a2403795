"""Says, as `ml.preload` does, that a TensorFlow operation was run."""

from tests.launch.preloads import quick

preload = quick.preload


def context_initialised() -> bool:
    return True
