# Two commands matter on a fresh machine: `make demo` and `make test`. Each sets itself up in .venv.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-all lint format bench monitoring-test clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[local,cluster,dev]'
	@touch $@

demo: $(STAMP) ## calibrate, predict and protect on the embedded model, with a real SDK client
	$(BIN)/jnd-gateway demo

test: $(STAMP) ## run the tests
	$(BIN)/python -m pytest

test-slow: $(STAMP) ## run the slow tests alone
	$(BIN)/python -m pytest -m 'slow and not network and not gpu'

test-all: test test-slow ## run the tests, the slow ones too

lint: $(STAMP) ## format, lint, types, walls
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## write the format the linter expects
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP) ## measure the floors; one JSON line per benchmark
	@missed=; for script in $$(grep -lE '"benchmark"|def main' tests/benchmarks/*.py | grep -v _gpl); do \
		echo "== $$script"; $(BIN)/python $$script || missed="$$missed $$script"; \
	done; test -z "$$missed" || { echo "floors missed, or no result:$$missed"; exit 1; }

monitoring-test: $(STAMP) ## a real Prometheus scrapes a live gateway; every panel and rule is evaluated
	$(BIN)/python -m pytest -m 'not gpu' tests/walkthrough/test_monitoring.py

clean: ## remove what the targets made
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache build dist demo-output
