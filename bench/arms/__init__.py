"""What a user would do instead of Trainshed. Each module is one program that runs workload W its own way.

It says `ready` when everything that is started once is up; then for each line `N` on its input it runs N jobs and
answers with one line, a JSON list of their outputs. It runs in the interpreter that has the peer.
"""
