# Every command a developer, CI or SAM runs. `make` alone lists them.

PYTHON_FOR_VENV ?= python3
STORE ?= $(SAMPLE)
PORT ?= 8000
SAMPLE := var/sample/store.sqlite
# With DATA the recommender learns from what is imported from there, else from STORE.
DATA ?=
# With RAW the clusters are made of the tables in that folder: spotify_tracks.csv and those beside it.
RAW ?=
IMPORTED := var/lastfm2k
# Listeners and tracks of another data set have versions and histories of their own.
ARTIFACTS ?= $(if $(DATA),$(IMPORTED)/artifacts,var/artifacts)
STATE ?= $(if $(DATA),$(IMPORTED)/state.sqlite,var/state.sqlite)
BIN := .venv/bin
UV := $(BIN)/uv
COMPILE ?= --compile-bytecode
INSTALL := $(UV) pip install --quiet --python $(BIN)/python $(COMPILE) --constraints constraints.txt

export ORT_DISABLE_TELEMETRY := 1

.DEFAULT_GOAL := help
.PHONY: help run setup sample import train prepare history serve system missing test test-runtime check lint types imports bench lock \
	format clean

include build.mk

help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | sed -E 's/:.*## /\t/' | expand -t 14

run: .venv/.serving $(if $(DATA),import) ## Sample store, training, publishing, clusters, the API (STORE=path, DATA=path, ARTIFACTS=place, PORT=8000)
	@$(BIN)/segue ready --store "$(STORE)" --artifacts "$(ARTIFACTS)" --state "$(STATE)" \
	  $(if $(DATA),--data "$(IMPORTED)") $(if $(RAW),--raw-data "$(RAW)")
	@$(MAKE) --no-print-directory serve

setup: .venv/.dev .venv-sam/.stamp .venv-checkov/.stamp ## Make the environments of a developer: serving, training, tests, and the tools of the template

sample: .venv/.serving ## Generate the sample store, unless it is there or STORE is another
ifeq ($(STORE),$(SAMPLE))
	@$(BIN)/segue sample --out $(dir $(SAMPLE))
endif

import: .venv/.serving ## Join the listeners of Last.fm-2k with Spotify's tracks (DATA=folder that holds both)
	@$(BIN)/segue import lastfm2k --out $(IMPORTED) $(if $(DATA),--data "$(DATA)")

# Statuses that end no make: 3, the gate keeps what is live, or some variants are not ready and say why; 4, there is
# too little data. Every other status is a failure, a crash too.
passing_3_4 = status=0; $(1) || status=$$?; case $$status in 0|3|4) ;; *) exit $$status;; esac

train: .venv/.serving sample $(if $(DATA),import) ## Train every family on STORE (or DATA), promote what the gate agrees to
	@$(call passing_3_4,$(BIN)/segue train genre-preference --store "$(STORE)" --artifacts "$(ARTIFACTS)")
	@$(call passing_3_4,$(BIN)/segue train recommend --data "$(if $(DATA),$(IMPORTED),$(STORE))" --artifacts "$(ARTIFACTS)")

# What is up to date is left alone.
prepare: .venv/.serving sample $(if $(DATA),import) ## Cluster the tracks of STORE (or DATA, or RAW=folder of raw tables)
	@$(call passing_3_4,$(BIN)/segue prepare --artifacts "$(ARTIFACTS)" \
	  $(if $(RAW),--raw-data "$(RAW)",--data "$(if $(DATA),$(IMPORTED),$(STORE))"))

history: .venv/.serving sample $(if $(DATA),import) ## Load the listeners' events into STATE, where the functions read them
	@$(BIN)/segue history load --data "$(if $(DATA),$(IMPORTED),$(STORE))" --state "$(STATE)"

serve: .venv/.serving ## Serve the API and its documentation on http://127.0.0.1:PORT
	@OPENBLAS_NUM_THREADS=1 SEGUE_STATE="$(STATE)" $(BIN)/segue serve --store "$(STORE)" --artifacts "$(ARTIFACTS)" --port $(PORT)

# A file's tests share what they train, so a file goes to one process.
PYTEST ?= -n auto --dist loadfile
SYSTEM := $(shell awk '!/^\#/ && NF { print $$1 }' requirements/debian.list)

system: ## Install the Debian packages that tests want (Debian, as root)
	@command -v apt-get > /dev/null || { echo "make system needs apt-get; install by other means: $(SYSTEM)"; exit 1; }
	@dpkg --status $(SYSTEM) > /dev/null 2>&1 || { apt-get update --quiet=2 \
	  && DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-install-recommends $(SYSTEM); }

missing: .venv/.dev
	@$(BIN)/python -m tests.system_package

test: missing build .venv-openapi/.stamp .build/node/.stamp ## Install what the tests need, build the functions, run every test, on Lambda's Python too
	$(BIN)/python -m pytest $(PYTEST)
	@$(MAKE) --no-print-directory test-runtime

# All but training and its data run on Lambda's Python too, unless .venv has it already; ON_RUNTIME=tests runs these too.
ON_RUNTIME ?= tests/unit tests/contract tests/golden \
  $(addprefix --ignore=tests/,unit/training unit/sources/dataset unit/sources/test_sample.py \
    unit/cli/test_train.py unit/cli/test_prepare.py contract/test_recommenders.py contract/test_dataset_database.py)
test-runtime: LAMBDA_PYTHON = $(shell $(BIN)/python -m infra.bytecode)
test-runtime: .venv/.dev
	@$(if $(LAMBDA_PYTHON),$(MAKE) --no-print-directory .venv-runtime/.dev LAMBDA_PYTHON="$(LAMBDA_PYTHON)",\
	  echo "NOTICE: no other Python of Lambda's version is at hand: the tests ran on this one alone")
	$(if $(LAMBDA_PYTHON),.venv-runtime/bin/python -m pytest $(PYTEST) -m "not build and not realdata and not slow" $(ON_RUNTIME))

check: .venv/.dev ## Lint, types, import rules, the template (CI adds `make test`)
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint types imports lint-infra

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.dev
	$(BIN)/mypy

imports: .venv/.dev
	$(BIN)/lint-imports

format: .venv/.dev ## Format the code
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: .venv/.dev ## Compare with named peers, each in one run
	$(BIN)/python -m benchmarks

lock: .venv/.uv ## Compile every lock file anew (LOCK_FLAGS=--upgrade for newer versions)
	$(UV) $(LOCK) --all-extras pyproject.toml --output-file constraints.txt
	$(UV) $(LOCK) requirements/uv.in --output-file requirements/uv.txt
	$(MAKE) lock-infra

# Two clients are made of docs/openapi.json in a test. One needs npm; the test is skipped where there is none.
.build/node/.stamp: requirements/node/package-lock.json
	@mkdir -p $(@D) && cp requirements/node/*.json $(@D)
	@! command -v npm >/dev/null || npm ci --prefix $(@D) --silent --no-audit --no-fund
	@touch $@

clean: ## Remove environments, builds and caches; keep var/ with its artifacts
	rm -rf .venv .venv-* .build .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/.uv: requirements/uv.txt
	@$(PYTHON_FOR_VENV) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Segue needs Python 3.11 or newer, \
	this is " + sys.version.split()[0] + ": make run PYTHON_FOR_VENV=python3.12")'
	@test ! -L .venv || { echo ".venv is a link, and making it anew would empty what it leads to: remove it first"; exit 1; }
	@echo "making the environment .venv"
	@$(PYTHON_FOR_VENV) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

.venv/.serving: .venv/.uv pyproject.toml constraints.txt
	@echo "installing what serving and training need"
	@$(INSTALL) --editable '.[serving,training]'
	@touch $@

.venv-runtime/.dev: .venv/.dev
	@echo "making the environment .venv-runtime of Lambda's Python"
	@$(UV) venv --quiet --clear --python "$(LAMBDA_PYTHON)" .venv-runtime
	@$(UV) pip install --quiet --python .venv-runtime/bin/python --constraints constraints.txt --editable '.[serving,training,dev]'
	@touch $@

.venv/.dev: .venv/.serving
	@echo "installing what the tests need"
	@$(INSTALL) --editable '.[serving,training,dev]'
	@touch $@
