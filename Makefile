# Needs git, make and Python 3.11 or newer. `make help` lists the targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help up down migrate test test-all bench screenshots check format openapi client web web-dev packages lock env

UV := 0.13.9
TEST_PROCESSES ?= auto
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
INSTALL = VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/python -m uv pip install --no-deps
COMPILE = $(BIN)/python -m uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
  --python-version 3.11 pyproject.toml
WEB_SOURCES := $(shell find web clients/typescript/src -type f -not -path '*/node_modules/*' -not -path 'web/dist/*')
FIND_PYTHON = for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$p; break; }; done

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

up: env web ## run everything on http://127.0.0.1:8000; Ctrl-C stops it, data is kept
	@exec $(BIN)/modplane up

down: env ## stop the stack of `make up` from another terminal
	@exec $(BIN)/modplane down

migrate: env ## migrate the database schema
	@exec $(BIN)/modplane migrate

test: env ## run the tests, in TEST_PROCESSES processes with servers of their own
	@PYTHONDONTWRITEBYTECODE= exec $(BIN)/python -m pytest -n $(TEST_PROCESSES) --no-loadscope-reorder --durations=20

test-all: env packages ## run the slow tests that `make test` omits
	@exec $(BIN)/python -m pytest -m thorough

bench: env ## benchmark the service against the ceilings of its parts, on a separate stack (some minutes)
	@exec $(BIN)/python -m bench

screenshots: env web ## write screenshots of the UI into docs/pictures, from a separate stack
	@exec $(BIN)/python -m tests.web.screenshots

check: env packages ## check formatting, lint, types, architecture, generated documents
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy src tests bench examples/mirror-python/mirror.py
	@$(BIN)/lint-imports
	@sh scripts/node.sh npm run --silent check
	@$(BIN)/python -m app.apidocs --check

format: env ## format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

openapi: env ## write the API documents into schemas/, and generate the client from them
	@$(BIN)/python -m app.apidocs
	@$(MAKE) --no-print-directory client

client: packages ## generate the TypeScript client from schemas/openapi.json
	@sh scripts/node.sh npm run --silent generate --workspace clients/typescript

web: web/dist/index.html ## build the web UI if its sources have changed

web/dist/index.html: $(WEB_SOURCES) node_modules/.ready
	@echo "Building the web UI."
	@sh scripts/node.sh npm run --silent build --workspace web -- --logLevel warn

web-dev: packages ## serve the UI from its sources on http://127.0.0.1:5173 with live reload; needs a running `make up`
	@sh scripts/node.sh npm run --silent dev --workspace web

packages: node_modules/.ready

node_modules/.ready: package-lock.json | env
	@echo "Fetching the packages of Node's registry."
	@sh scripts/node.sh npm ci --loglevel=error
	@touch $@

lock: env ## refresh requirements.lock and requirements-runtime.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV)
	@$(COMPILE) --extra embedded --extra dev -o requirements.lock
	@$(COMPILE) --constraints requirements.lock -o requirements-runtime.lock

env: $(READY)

$(READY): requirements.lock pyproject.toml
	@python=$$($(FIND_PYTHON)); \
	if [ -z "$$python" ]; then echo "Modplane needs Python 3.11 or newer as python3: install it and try again." >&2; exit 1; fi; \
	if ! "$$python" -c 'import ensurepip' 2>/dev/null; then \
	  echo "$$python cannot make environments: install its venv package (Debian, Ubuntu: apt install python3-venv)." >&2; exit 1; fi; \
	echo "Preparing the environment in $(VENV) (a minute the first time)."; \
	[ -x $(BIN)/python ] && $(BIN)/python -m pip --version >/dev/null 2>&1 || "$$python" -m venv --clear $(VENV)
	@$(BIN)/python -m pip install -qq --retries 1 --disable-pip-version-check uv==$(UV) \
	  || { echo "The packages could not be fetched: check the network and try again." >&2; exit 1; }
	@{ $(INSTALL) --require-hashes -r requirements.lock 2>&1; echo $$? > $(VENV)/.code; } | grep -v '^ [-+~] '; test "$$(cat $(VENV)/.code)" = 0 \
	  || { echo "The packages could not be installed: check the lines above, the network and the disk." >&2; exit 1; }
	@$(INSTALL) --quiet --no-build-isolation -e .
	@touch $(READY)
