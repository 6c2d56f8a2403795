"""The worker: everything between a hint and a finished attempt."""
