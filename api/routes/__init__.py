"""REST: thin functions that read a request, call one operation, and write its answer."""
