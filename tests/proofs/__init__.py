"""Long proofs of promises, each with a target of its own in the Makefile, and a short round in the test suite."""
