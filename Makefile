# make demo   shows the exporter at work on built-in lists; needs Python >= 3.11 and, once, the network to install
# make test   runs every check that CI runs; as root it installs the daemons it needs first
# make bench  prints the measurements, in about fourteen minutes; as root it installs dnsperf first

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DAEMONS := rbldnsd unbound prometheus prometheus-alertmanager systemd
ARGS ?=

.PHONY: demo test bench daemons bench-daemons

demo: $(VENV)/.installed
	@$(BIN)/dnsbl-exporter demo $(ARGS)

test: daemons $(VENV)/.installed-dev
	$(BIN)/ruff format --check exporter grafana tests
	$(BIN)/ruff check exporter grafana tests
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist loadfile

bench: daemons bench-daemons $(VENV)/.installed-dev
	$(BIN)/python -m tests.bench.client
	$(BIN)/python -m tests.bench.pipeline
	$(BIN)/python -m tests.bench.pace
	$(BIN)/python -m tests.bench.growth
	$(BIN)/python -m tests.bench.scale
	$(BIN)/python -m tests.bench.targets
	$(BIN)/python -m tests.bench.real_lists
	$(BIN)/python -m tests.bench.catalogue
	$(BIN)/python -m tests.bench.alerts

bench-daemons:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! command -v dnsperf >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends dnsperf >/dev/null; \
	fi

# Debian and Ubuntu; elsewhere, or without root, tests whose daemon is missing say so and are skipped (and fail under CI).
daemons:
	@PATH="$$PATH:/usr/sbin"; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	   ! { command -v rbldnsd && command -v unbound && command -v promtool && \
	     command -v amtool && command -v systemd-analyze && $(PYTHON) -c "import ensurepip"; } >/dev/null 2>&1; then \
	  apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(DAEMONS) python3-venv >/dev/null; \
	fi

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed: make PYTHON=python3.11 ..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install -q -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install -q -c constraints.txt -e ".[dev]"
	@touch $@ $(VENV)/.installed
