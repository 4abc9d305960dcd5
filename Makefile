# The project's verbs. `make help` lists them; CI calls the same ones.

# Any Python from 3.11 on: `make test PYTHON=python3.13 VENV=.venv-3.13` tests another one beside the first.
PYTHON ?= python3
VENV   ?= .venv

# The official emulator is a binary inside the wheel of AWS's own command line tool. Pinned, so that
# a test which fails tomorrow fails because of us.
OFFICIAL_VERSION := 1.170.0
OFFICIAL         := .cache/aws-lambda-rie

# An architecture in Docker's words: `make image-test ARCH=arm64`. Empty for this machine's.
ARCH   ?=

# The image's tag. ENGINE names a container engine; else whichever works builds it.
IMAGE  ?= aioric

# Extra words for the verb's program: `make test ARGS="-k matrix -x"`, `make bench ARGS=--quick`.
ARGS ?=

RUN             := $(VENV)/bin/python
INSTALLED       := $(VENV)/.installed
TOURS           := .cache/tours/.installed
ECOSYSTEM       := .cache/ecosystem/.installed
COMPARED        := $(VENV)/.compared
DEPLOYED        := .cache/bench/.installed
OFFICIAL_PINNED := $(OFFICIAL)-$(OFFICIAL_VERSION)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run setup format lint types test test-all parity ecosystem tours node-client bench bench-quick setup-bench image image-test zip clean

help:  ## list the verbs
	@sed -n 's/^\([a-z-]*\):.*##/\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 12

run: $(INSTALLED)  ## see it work: our emulator, our runtime, a sync and an async function
	@$(RUN) examples/run.py $(ARGS)

setup: $(INSTALLED) $(OFFICIAL_PINNED)  ## create the virtual environment, fetch the official emulator

format: $(INSTALLED)  ## format the code, and fix what can be fixed safely
	$(RUN) -m ruff format .
	$(RUN) -m ruff check --fix .

lint: $(INSTALLED)  ## check style and format
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

types: $(INSTALLED)  ## check the types
	$(RUN) -m mypy

test: setup  ## run all tests
	$(RUN) -m pytest $(ARGS)

parity: $(INSTALLED)  ## compare with awslambdaric: every answer, log line and exit status (ARGS=--write: PARITY.md)
	$(RUN) -m tests.parity $(ARGS)

ecosystem: $(INSTALLED) $(ECOSYSTEM)  ## run Powertools, Sentry, Datadog, pandas and others on both runtimes
	$(RUN) -m pytest tests/ecosystem $(ARGS)

tours: $(INSTALLED) $(TOURS)  ## have boto3, AWS CLI v1, the JavaScript SDK and a browser tour a running `aioric dev`
	$(RUN) -m pytest tests/tours $(ARGS)

node-client: $(INSTALLED)  ## compile AWS's Node client and run it on our emulator (minutes; needs g++, cmake, autoconf, automake, libtool)
	npm install --no-audit --no-fund --prefix $(dir $(TOURS))node-client aws-lambda-ric@3
	$(RUN) -m pytest tests/tours/test_node_client.py $(ARGS)

bench: setup-bench $(COMPARED)  ## compare with awslambdaric in everything that has a figure (about 13 minutes)
	$(RUN) -m bench.starts
	$(RUN) -m bench $(ARGS)

bench-quick: $(INSTALLED) $(COMPARED)  ## see that the benchmarks run, and hold instruction counts to their budget
	$(RUN) -m bench --quick --output .cache/bench/quick
	$(RUN) -m bench.budget

setup-bench: $(INSTALLED) $(DEPLOYED)  ## install what the functions of the cold start benchmark import

test-all: | $(INSTALLED)  ## run the tests on Python 3.11 to 3.14, and 3.15 as a preview
	scripts/test_all.sh $(ARGS)

image:  ## build the container base image (ARGS="--target slim" for the small one)
	IMAGE=$(IMAGE) scripts/image.sh $(ARGS)

# Another architecture than this machine's has an official emulator of its own.
image-test: setup $(ARCH:%=$(OFFICIAL_PINNED)-%)  ## build every image and test it as Lambda runs it (PYTHONS=all, ARCH=arm64)
	AIORIC_OFFICIAL=$(ARCH:%=$(OFFICIAL_PINNED)-%) scripts/image_test.sh $(ARGS)

zip: | $(INSTALLED)  ## make build/aioric.zip, the runtime for functions on provided.al2023
	$(RUN) scripts/make_zip.py $(ARGS)

clean:  ## remove everything that the other verbs made
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.* .nox build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Older than pyproject.toml, or absent: (re)install. pip is upgraded first because --group came with 25.1.
$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "aioric needs Python 3.11 or newer; '$(PYTHON)' is not that. Name one: make $(MAKECMDGOALS) PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
	  echo "'$(PYTHON)' cannot create virtual environments: install its venv package (Debian: apt-get install python3-venv)." >&2; exit 1; }
	@echo "Setting up $(VENV): downloads what the project needs, about a minute, this once"
	$(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --upgrade 'pip>=25.1' && \
	  $(RUN) -m pip install --quiet --editable '.[fast,emulator]' --group dev || { \
	  echo "pip could not install what aioric needs (above it says what). It takes a package index: the network," \
	    "or a mirror named by PIP_INDEX_URL. Then the same again." >&2; exit 1; }
	@touch $@

$(DEPLOYED): pyproject.toml | $(INSTALLED)
	rm -rf .cache/bench/dependencies-* .cache/bench/deployed
	$(RUN) -m pip install --quiet --group bench \
	  --target "$$($(RUN) -c 'from bench.starts import DEPENDENCIES; print(DEPENDENCIES)')"
	@touch $@

# The web server that streams are compared with.
$(COMPARED): $(INSTALLED)
	$(RUN) -m pip install --quiet --group bench-streaming
	@touch $@

$(OFFICIAL_PINNED): | $(INSTALLED)
	$(RUN) scripts/fetch_official_emulator.py $(OFFICIAL_VERSION) $(OFFICIAL)
	@touch $@

$(OFFICIAL_PINNED)-%: | $(INSTALLED)
	$(RUN) scripts/fetch_official_emulator.py --machine $* $(OFFICIAL_VERSION) $@

# The command line's own pins of botocore stay its own; npm's part needs a Node.js. The browser is any Chromium
# of the system's; Debian's is installed where there is none and we may.
$(TOURS): pyproject.toml | $(INSTALLED)
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(@D)/bin/python -m pip install --quiet --group tours
	npm install --no-audit --no-fund --silent --prefix $(@D)/node @aws-sdk/client-lambda@3
	$(RUN) -m pip install --quiet --group browser
	scripts/install_browser.sh
	@touch $@

# Not into the first environment: those packages are heavy, and some of them change how pytest runs.
$(ECOSYSTEM): pyproject.toml | $(INSTALLED)
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(@D)/bin/python -m pip install --quiet --group ecosystem
	@touch $@
