# The two commands of a newcomer:   make quickstart   make test
# Options:  PYTHON=python3.12           which Python makes .venv (3.11 or later)
#           PIP_ARGS="..."              passed to pip, for instance to choose a CPU or GPU build of torch (README)
#           ARGS="--lang zh"            passed to zaohua quickstart
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV ?= .venv
PIP_ARGS ?=
ARGS ?=
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help quickstart test lint pin clean

help:  ## say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

quickstart: $(VENV)/.runtime  ## install what zaohua needs into .venv and run the quickstart
	$(BIN)/zaohua quickstart $(ARGS)

test: lint  ## lint, then the tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

lint: $(VENV)/.dev  ## style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

pin: $(VENV)/.dev  ## write the versions installed in .venv to constraints.txt
	$(BIN)/python tests/pin.py > constraints.new
	mv constraints.new constraints.txt

clean:  ## remove .venv and everything that tools left behind; runs/ stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "zaohua needs Python 3.11 or later: install it, or name it with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than Python 3.11: name a later one with PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Each stamp is as old as its last installation: it runs again only when what it depends on has changed.
$(VENV)/.runtime: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install $(PIP_ARGS) -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	$(PIP) install $(PIP_ARGS) -c constraints.txt -e '.[dev]'
	@touch $@
