"""The `trainshed` command: one module a noun, loaded when it is asked for; `catalogue.py` lists all commands.

Data goes to stdout and everything else to stderr. A person gets a table, a pipe gets tab-separated lines without a
header. Ctrl-C ends the watching and never the job. `exits.py` has the exit codes.
"""
