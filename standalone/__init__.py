"""Trainshed on one machine with one command: SQLite, and broker, API, worker and reconciler as child processes."""
