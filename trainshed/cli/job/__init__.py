"""`trainshed job`: one module a duty; `trainshed.cli.catalogue` lists the commands."""
