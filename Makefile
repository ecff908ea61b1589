# Two commands are enough: `make run` and `make test`. uv is used when found and never required.

SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV := $(shell command -v uv 2>/dev/null)
ROOT_FLAG := $(shell [ "$$(id -u)" = 0 ] && echo --allow-root)
SCENARIO ?= web-shop
OUT ?= out/$(SCENARIO)

# The tests start hundreds of processes, each quicker when modules need no compiling.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup run test lint types browser tests notebooks plain lowest truth lab bench scale evidence intervals mutants \
	soak digests lock calibrate clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP)  ## create .venv from constraints.txt and install simlib into it

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("simlib needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
ifneq ($(UV),)
	[ -x $(BIN)/python ] || $(UV) venv --quiet --python $(PYTHON) $(VENV)
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python -c constraints.txt -e '.[notebooks,dev]'
else
	[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[notebooks,dev]'
endif
	@touch $(STAMP)

run: $(STAMP)  ## compare the designs of the bundled web shop; report in out/web-shop
	$(BIN)/simlib compare $(SCENARIO) --out $(OUT)

test: $(STAMP) lint types browser tests notebooks  ## lint, types, all tests and notebooks

browser:  # Debian's chromium for tests/browser, where it is missing and may be installed; else those tests are skipped
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium >/dev/null; } \
		|| echo "no chromium: tests/browser are skipped"

lint: $(STAMP)  ## ruff: rules and format
	$(BIN)/ruff check simlib tests
	$(BIN)/ruff format --check --quiet simlib tests

types: $(STAMP)  ## mypy --strict
	$(BIN)/mypy

tests: $(STAMP)  ## unit, contract, behaviour, theory, decision, architecture, documentation
	$(BIN)/python -m pytest tests -n auto --dist loadscope -p no:nbval

notebooks: $(STAMP)  ## run the notebooks and compare their outputs
	$(BIN)/python -m pytest --nbval --nbval-sanitize-with notebooks/sanitize.cfg notebooks -n auto --dist loadfile -o filterwarnings=default

plain: $(STAMP)  ## build the wheel, install it without extras in a new environment and run every command
	$(BIN)/python tests/installation plain

lowest: $(STAMP)  ## run the unit tests with the lowest versions that pyproject.toml allows, in a new environment
	$(BIN)/python tests/installation lowest

truth: $(STAMP)  ## long proofs that runs begin in a stationary state; keeps them in data/truth.csv (5 minutes)
	$(BIN)/python -m pytest tests -m truth -n auto -p no:nbval --keep-truth data/truth.csv

lab: $(STAMP)  ## JupyterLab on notebooks/
	$(BIN)/jupyter lab $(ROOT_FLAG) --LabApp.news_url='' --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate notebooks

scale: $(STAMP)  ## runs of 10^4 to 10^8 requests: time, memory, cost of a request; keeps them in data/scale (an hour)
	$(BIN)/python tests/scale --keep

bench: $(STAMP)  ## ratios of CPU time against peers; keeps them in data/benchmarks.csv
	$(BIN)/python tests/benchmarks --keep

evidence: $(STAMP)  ## measure size and complexity of our own parts; keeps them in data/effort/own_code.csv
	$(BIN)/python tests/evidence

intervals: $(STAMP)  ## what intervals of p95 and p99 cover, by a known answer; keeps it in data/intervals.csv (minutes)
	$(BIN)/python tests/intervals

mutants: $(STAMP)  ## take one check away at a time; every one must turn a test red
	$(BIN)/python tests/mutations

soak: $(STAMP)  ## a sweep of 200 cells killed half-way and resumed, also on a cluster, compared file by file (minutes)
	$(BIN)/python tests/soak

digests: $(STAMP)  ## every number of the bundled scenarios and commands, compared with data/digests.csv (10 minutes)
	$(BIN)/python tests/digests

calibrate: $(STAMP)  ## measure the operations on this machine: make calibrate OUT=my-machine.csv
	$(BIN)/python -m simlib.calibration --out $(OUT)

lock: pyproject.toml  ## renew constraints.txt (needs uv)
	@[ -n "$(UV)" ] || { echo "make lock needs uv: pip install uv" >&2; exit 2; }
	$(UV) pip compile --quiet --universal --upgrade --no-header --no-annotate --all-extras -o constraints.txt pyproject.toml
	@! grep -n '://' constraints.txt || { echo "constraints.txt must not hold addresses" >&2; exit 1; }

clean:  ## remove the environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
