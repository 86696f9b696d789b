# `make demo` and `make test` do all the set-up themselves, on any machine with Python 3.11 or later and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WITNESSES := libhivex-bin reglookup libregf-utils chntpw strace gcc-mingw-w64-x86-64 gcc-mingw-w64-i686 \
  binutils-mingw-w64 ntfs-3g attr acl osslsigncode openssl wine64 wine gcc g++ \
  chromium fonts-dejavu-core libegl1 libgl1

.DELETE_ON_ERROR:
.PHONY: demo test nightly fuzz bench check witnesses compiled clean

demo: $(VENV)/.product compiled
	@$(BIN)/python examples/demo.py

test: witnesses check
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 2
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# What needs no run of the product: style, format and types.
check: $(VENV)/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The whole product of each proof; hours, not minutes.
nightly: witnesses $(VENV)/.development
	MAPIWRIGHT_NIGHTLY=1 $(BIN)/pytest -n 2

# A search for inputs that the codec of hives does not stand: make fuzz FUZZ_SECONDS=36000. What it finds stays in
# .fuzz; what it fails on is written there as crash-..., and goes into tests/fuzz/corpus once it is stood.
FUZZ_SECONDS ?= 600
fuzz: $(VENV)/.development
	mkdir -p .fuzz/found
	nice $(BIN)/python tests/fuzz/fuzz_hives.py .fuzz/found tests/fuzz/corpus -max_total_time=$(FUZZ_SECONDS) \
	  -max_len=30000 -artifact_prefix=.fuzz/

bench: $(VENV)/.development compiled
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/hives.py
	$(BIN)/python benchmarks/entry.py
	$(BIN)/python benchmarks/growth.py

# The programs that read what we wrote. With CI=true they are required, and a root installs them; elsewhere a test
# that lacks one is skipped and names it.
witnesses:
	@if [ "$$CI" = true ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  dpkg -s $(WITNESSES) >/dev/null 2>&1 || { \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(WITNESSES); }; \
	fi

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Mapiwright needs Python 3.11 or later; name one with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  package=$$($(PYTHON) -c 'import sys; print(f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")'); \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$package; \
	  else echo "Python's venv module is not whole here. As root: apt install $$package"; exit 1; fi; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.product: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.development: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,witness]'
	@touch $@

# As pip does where it installs for good: start-up is promised, and compiling is no part of it.
compiled: $(VENV)/.product
	@$(BIN)/python -m compileall -q src/mapiwright

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* build dist
