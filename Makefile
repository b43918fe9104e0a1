# Everything a fresh machine with Python 3.11, git and make needs. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3.11
BIN := .venv/bin
WAREHOUSE ?= warehouse
PORT ?= 3000

export COSTS_WAREHOUSE := $(abspath $(WAREHOUSE))
export DAGSTER_STATE := $(COSTS_WAREHOUSE)/.dagster
# Dagster writes logs beside its dagster.yaml, so its home is the state folder, with a link to ours.
export DAGSTER_HOME := $(DAGSTER_STATE)
export GX_ANALYTICS_ENABLED := false

.PHONY: help
help: ## List the targets.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

# The stamp holds the environment to the lock: a changed lock or pyproject syncs again.
.venv/.synced: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: install
install: .venv/.synced ## Make .venv and sync the locked packages into it.

.PHONY: demo
demo: .venv/.synced ## Replay recorded pages and sample usage into warehouse/demo.
	@$(BIN)/costs demo

.PHONY: run
run: .venv/.synced ## Read the real sources and the inbox once, and build every table.
	@$(BIN)/costs --warehouse $(WAREHOUSE) run

.PHONY: ui
ui: .venv/.synced ## Dagster UI and daemon on the loopback address.
	@mkdir -p $(DAGSTER_STATE)
	@ln -sfn $(CURDIR)/dagster.yaml $(DAGSTER_HOME)/dagster.yaml
	@echo "Dagster UI: http://127.0.0.1:$(PORT) (Ctrl-C ends it and the daemon)"
	@cd $(DAGSTER_HOME); $(CURDIR)/$(BIN)/dagster-daemon run -m pipelines.definitions & \
		trap "kill $$!" EXIT; \
		cd $(DAGSTER_HOME); $(CURDIR)/$(BIN)/dagster-webserver -m pipelines.definitions -h 127.0.0.1 -p $(PORT)

.PHONY: check
check: .venv/.synced ## Lint, format, types, import rules, generated docs.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/costs dictionary --check

.PHONY: test
test: check ## Everything that CI runs: check, then the tests.
	@$(BIN)/python -m pytest

benchmarks/.peers/.synced: benchmarks/requirements.lock benchmarks/package-lock.json .venv/.synced
	@test -x benchmarks/.peers/bin/python || $(PYTHON) -m venv benchmarks/.peers
	@$(BIN)/uv pip sync --quiet --python benchmarks/.peers/bin/python --require-hashes benchmarks/requirements.lock
	@npm install --prefix benchmarks --no-audit --no-fund --silent
	@touch $@

.PHONY: bench
bench: benchmarks/.peers/.synced ## Measure against peers and plain scans; ARGS="--large" or names. Needs npm.
	@$(BIN)/python -m benchmarks.run $(ARGS)

.PHONY: spark
spark: benchmarks/.spark/.synced ## A whole Spark (half a gigabyte; needs Java 17), for the tests and benchmarks that use one.

benchmarks/.spark/.synced: benchmarks/spark-requirements.lock .venv/.synced
	@test -x benchmarks/.spark/bin/python || $(PYTHON) -m venv benchmarks/.spark
	@$(BIN)/uv pip sync --quiet --python benchmarks/.spark/bin/python --require-hashes benchmarks/spark-requirements.lock
	@touch $@

.PHONY: data-docs
data-docs: .venv/.synced ## Great Expectations' Data Docs on the newest page of each source.
	@$(BIN)/costs --warehouse $(WAREHOUSE) data-docs

.PHONY: lock
lock: .venv/.synced ## Compile requirements.lock again from pyproject.toml.
	@$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --universal --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --quiet --upgrade -o requirements.lock
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements.lock

.PHONY: bench-lock
bench-lock: .venv/.synced ## Compile benchmarks/requirements.lock again from its requirements.in.
	@$(BIN)/uv pip compile benchmarks/requirements.in --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --custom-compile-command "make bench-lock" --quiet -o benchmarks/requirements.lock

.PHONY: spark-lock
spark-lock: .venv/.synced ## Compile benchmarks/spark-requirements.lock again from its requirements.in.
	@$(BIN)/uv pip compile benchmarks/spark-requirements.in --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --custom-compile-command "make spark-lock" --quiet -o benchmarks/spark-requirements.lock
