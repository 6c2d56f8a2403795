# The commands of this repository. `make help` lists them. Nothing is needed beforehand but Python 3.11+, git and make.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready
# Most tests wait for processes and servers, so more of them than cores run at once. 1 GB of memory each.
TESTS_AT_ONCE ?= 4

.DEFAULT_GOAL := help
.PHONY: help setup check test demo up bench bench-peers docs format clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## Install everything into .venv

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Trainshed needs Python 3.11 or newer; name one with make PYTHON=python3.12")'
	@echo "Setting up .venv (once; TensorFlow is large)..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)

check: $(READY) ## Lint, types, import contracts
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(READY) ## The whole test suite: SQLite, real Postgres and Valkey, real processes
	$(BIN)/pytest --numprocesses $(TESTS_AT_ONCE) --dist worksteal

demo: $(READY) ## Train a CNN on real images, evaluate it, print a report
	@$(BIN)/python examples/demo.py

up: $(READY) ## Run Trainshed on this machine until Ctrl-C
	@$(BIN)/trainshed up

bench: $(READY) ## Measure, compare with what one would do instead; fails when a gate fails
	$(BIN)/python -m bench

bench-peers: $(READY) ## Install what `make bench` compares with, each in an environment of its own
	$(BIN)/python -m bench.peers

docs: $(READY) ## Write the pages that are derived from code
	$(BIN)/python -m docs.generate

format: $(READY) ## Format the code
	$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

clean: ## Remove all that was made here: .venv, data, caches
	rm -rf $(VENV) .trainshed .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
