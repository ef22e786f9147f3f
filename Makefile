# Two commands do everything on a fresh machine: `make demo` and `make test`. Each makes its own environment first.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
SECONDS ?= 0
UPGRADE ?=
MINUTES ?= 10
FUZZ_SECONDS ?= 60
TARGETS ?= lines wrappers configuration http state
QUICK   ?=

# one file for every Python that the project supports, and no address of an index in it
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command 'make lock' $(UPGRADE)
BUILD_REQUIRES := $(BIN)/python -c "import tomllib; \
	print(*tomllib.load(open('pyproject.toml', 'rb'))['build-system']['requires'], sep='\n')"

.DEFAULT_GOAL := help
.PHONY: help demo test lint types fast stack-check crash-test reliability-test soak fuzz image-test test-lowest lock site reference dist audit bench bench-check pictures servers clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.installed ## Run a sample API, traffic and a tailer; Ctrl-C or SECONDS=20 ends it
	@$(BIN)/python examples/demo.py --seconds $(SECONDS)

test: servers $(VENV)/.installed-dev $(VENV)/grafana-types/.installed lint types ## Run linters, types and every test
	$(BIN)/python -m pytest -q -n auto -m 'not integration'
	$(BIN)/python -m pytest -q -n 3 --dist loadfile -m integration  # they wait more than they work

fast: $(VENV)/.installed-dev ## Run the tests that start no servers
	$(BIN)/python -m pytest -q -n auto -m 'not integration'

stack-check: servers $(VENV)/.installed-dev $(VENV)/grafana-types/.installed ## Check the monitoring stack in configs/ without starting it
	$(BIN)/python -m pytest -q -m 'not integration' tests/configs

crash-test: $(VENV)/.installed-dev ## Kill tailers at random, 20 times in each way of rotating, and print the table
	CRASH_KILLS=20 $(BIN)/python -m pytest tests/crash -m kills -s

reliability-test: $(VENV)/.installed-dev ## Run the extremes of docs/reliability.md in full size (takes minutes)
	RELIABILITY_FULL=1 $(BIN)/python -m pytest -q tests/reliability

soak: $(VENV)/.installed-dev ## Write 20,000 lines a second for MINUTES=10, kill a tailer at random, show what came of it
	PYTHONPATH=tests $(BIN)/python -m reliability.soak --minutes $(MINUTES)

fuzz: $(VENV)/.installed-dev ## Feed mutated bytes to each of TARGETS="lines http …" for FUZZ_SECONDS=60
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group fuzz
	for target in $(TARGETS); do \
		PYTHONPATH=tests $(BIN)/python fuzz/run.py $$target -max_total_time=$(FUZZ_SECONDS) || exit 1; \
	done

image-test: $(VENV)/.installed-dev ## Build the image and run it (as root on Debian; takes minutes, and 2 GB for a while)
	@./.ci/servers image
	IMAGE_TEST=1 $(BIN)/python -m pytest tests/configs -m image

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.installed-dev
	$(BIN)/mypy

test-lowest: $(VENV)-lowest/.installed ## Run the fast tests with the oldest dependencies allowed
	$(VENV)-lowest/bin/python -m pytest -q -m 'not integration'

lock: $(VENV)/.installed-dev ## Pin what goes into the image by hash; UPGRADE=--upgrade takes new releases
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group lock
	$(LOCK) --extra basic-auth pyproject.toml --output-file configs/image/runtime.txt
	$(BUILD_REQUIRES) | $(LOCK) - --output-file configs/image/build.txt

bench: $(VENV)/.installed-dev ## Measure all that docs/performance.md tells, beside peers found here; QUICK=1 takes a few minutes
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group bench
	$(BIN)/python benchmarks/against.py $(if $(QUICK),--lines 200000)
	$(BIN)/python benchmarks/rooms.py
	$(BIN)/python benchmarks/scaling.py $(if $(QUICK),--quick)
	$(BIN)/python benchmarks/live.py $(if $(QUICK),--seconds 5)
	$(BIN)/python benchmarks/commit.py
	$(BIN)/python benchmarks/rendering.py $(if $(QUICK),--label-sets 1100)
	$(BIN)/python benchmarks/idle.py $(if $(QUICK),--rounds 1)
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/sizing.py
	$(BIN)/python benchmarks/logging_calls.py $(if $(QUICK),--rounds 5)
	$(BIN)/python benchmarks/request_middleware.py

bench-check: $(VENV)/.installed-dev ## Fail when a room executes more instructions than it did (needs Debian's valgrind)
	$(BIN)/python benchmarks/check.py

pictures: $(VENV)/.installed-dev ## Draw the pictures in docs/images anew (needs Chromium)
	$(BIN)/python examples/status_picture.py docs/images/status.png
	$(BIN)/python examples/report_picture.py docs/images/report.png

site: $(VENV)/.installed-dev ## Build the documentation as a site, into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict  # --quiet would hide warnings from --strict

reference: $(VENV)/.installed-dev ## Write what the documentation has from the code, and the manual page
	$(BIN)/python -m building.reference

dist: $(VENV)/.installed-dev ## Build the wheel and the source distribution, into dist
	$(BIN)/python -m build

audit: $(VENV)/.installed-dev ## List licences and materials of the image in dist, and look for known holes (needs the network)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group audit
	$(BIN)/python -m building.audit

servers: ## Install the Debian packages that tests talk to (as root on Debian; elsewhere those tests are skipped)
	@./.ci/servers

clean: ## Remove what make made
	rm -rf $(VENV) $(VENV)-lowest build dist

# Debian's python3 may come without venv or pip: say what to do instead of a traceback.
$(VENV)/bin/python:
	@./.ci/make-venv $(PYTHON) $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev
	@touch $@

$(VENV)/grafana-types/.installed: tests/configs/grafana/package.json | $(VENV)/bin/python
	@./.ci/grafana-types $(VENV)
	@touch $@

$(VENV)-lowest/.installed: pyproject.toml tests/lowest.txt
	@./.ci/make-venv $(PYTHON) $(VENV)-lowest
	$(VENV)-lowest/bin/python -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	$(VENV)-lowest/bin/python -m pip install --quiet --disable-pip-version-check -e . --group tests -c tests/lowest.txt
	@touch $@
