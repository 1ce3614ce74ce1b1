# Two commands matter on a fresh machine: `make demo` and `make test`. Each sets itself up in .venv.
# `make demo PYTHON=python3.12` names the interpreter, TORCH_INDEX=URL where torch comes from: see tools/set_up.sh.
BIN := .venv/bin
READY := .venv/.ready-for
PYTEST := $(BIN)/python -m pytest
SPREAD := -n logical --maxprocesses 4 --dist loadfile

.DEFAULT_GOAL := help
.NOTPARALLEL: # two set-ups at once would meet in .venv
.PHONY: help demo test test-slow peers monitoring-test test-all lint format bench clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

$(READY)-%: pyproject.toml constraints.txt tools/set_up.sh
	@tools/set_up.sh $*

demo: $(READY)-demo ## calibrate, predict and protect on the embedded model, with a real SDK client
	$(BIN)/jnd-gateway demo

test: $(READY)-dev ## run the tests that are not slow and need no program of other people
	$(PYTEST) $(SPREAD)

test-slow: $(READY)-dev ## run the slow tests alone
	$(PYTEST) $(SPREAD) -m 'slow and not peers and not network and not gpu'

peers: $(READY)-dev ## run the tests against other people's programs: a browser, Prometheus, model servers, clients, LiteLLM
	@tools/set_up.sh peers
	$(PYTEST) $(SPREAD) -m 'peers and not network and not gpu'

monitoring-test: $(READY)-dev ## of the peers, Prometheus alone: every panel and rule is evaluated, every alert fires on a history
	@tools/set_up.sh monitoring
	$(PYTEST) -m 'peers and not network and not gpu' tests/walkthrough/test_monitoring.py tests/walkthrough/test_monitoring_files.py

test-all: test test-slow peers ## run all the tests

lint: $(READY)-dev ## format, lint, types, walls
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)-dev ## write the format the linter expects
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)-dev ## measure the floors; one JSON line per benchmark
	@missed=; for script in $$(grep -lE '"benchmark"|def main' tests/benchmarks/*.py | grep -vE '_gpl|_screens'); do \
		echo "== $$script"; $(BIN)/python $$script || missed="$$missed $$script"; \
	done; test -z "$$missed" || { echo "floors missed, or no result:$$missed"; exit 1; }

clean: ## remove what the targets made
	rm -rf .venv .peers .pytest_cache .mypy_cache .ruff_cache .import_linter_cache build dist demo-output
