# Each target sets up what it needs in .venv; a machine with python3 (3.11 or newer) and make is enough.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOCK := requirements-dev.lock
LLM ?=
PROVIDER ?= openai
AT_ONCE ?= 2

.PHONY: help demo test check bench stack-up stack-down stack-test stack-scale-check versions-test newest-test neighbours-test frameworks-test lock docs format clean

help:  ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

# From the lock alone, with hashes; the pip that Python brings does. A changed lock makes it anew: nothing is left over.
$(VENV)/.locked: $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one: make PYTHON=python3.13 ...")'
	@echo "Setting up $(VENV), this once: $$(grep -c "^[a-z]" $(LOCK)) packages in the versions of $(LOCK), a minute or two ..."
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement $(LOCK)
	@touch $@

# A step of its own, since pip takes no editable install beside hashes.
$(READY): $(VENV)/.locked pyproject.toml
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY)  ## Ask a small RAG app three questions and see the waterfalls (PROVIDER=anthropic: Claude; LLM=local: a real model)
	LLM=$(LLM) PROVIDER=$(PROVIDER) $(BIN)/python examples/demo.py

test: $(READY)  ## Run the tests
	$(BIN)/python -m pytest

check: $(READY)  ## Lint, types, import directions, twins
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/python -m pytest --quiet tests/architecture

bench: $(READY)  ## Measure the added cost as a ratio to a hand-written floor
	$(BIN)/python -m benchmarks

stack-up: $(READY)  ## Start the stack without Docker and send the demo through it (JAEGER_BIN=... for Jaeger)
	$(BIN)/python -m tests.stack.up

stack-down: $(READY)  ## End what stack-up started
	$(BIN)/python -m tests.stack.up down

stack-test: $(READY)  ## Run deploy/ and the demo with the real programs: Collector, Prometheus, Alertmanager, Jaeger (JAEGER_BIN=...)
	$(BIN)/python -m pytest -m stack tests/stack

stack-scale-check: $(READY)  ## Validate deploy/collector/scale with a Collector that has its parts
	$(BIN)/python -m tests.stack.scale

versions-test: $(READY)  ## Run the tests at the oldest and newest SDK and Python versions, all locked (AT_ONCE=2 rows)
	$(BIN)/python -m tests.versions.run --at-once $(AT_ONCE)

newest-test: $(READY)  ## Run the tests with the newest release of everything, whatever the lock says
	$(BIN)/python -m tests.versions.run --newest

neighbours-test: $(READY)  ## Run us beside other instrumentations of openai, each in both orders
	$(BIN)/python -m tests.neighbours.run

frameworks-test: $(READY)  ## Run frameworks that call openai or anthropic, and compare our spans with the server's ledger
	$(BIN)/python -m tests.frameworks.run

lock: $(READY)  ## Renew the locked versions: the newest of everything that pyproject.toml allows
	$(BIN)/python -m tests.versions.lock
	$(BIN)/python -m tests.environments.lock

docs: $(READY)  ## Make the site of README and docs/, in build/site; a link that leads nowhere fails
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going -c docs/site -b html . build/site
	@echo "build/site/index.html"

format: $(READY)  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## Remove what the other targets made
	rm -rf $(VENV) build .stack .pytest_cache .ruff_cache
