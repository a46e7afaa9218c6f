# Everything a developer does. `make run` and `make test` set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Outside the tree, so that a clean clone finds them: where Kratos and Hydra are built to, and
# the environment in which policy/ is mutated, with the mutated copy.
CACHE := $(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/webhook-service
ORY_BIN ?= $(CACHE)/ory
MUTANTS ?= $(CACHE)/mutants

.PHONY: help setup run test test-ory test-browser test-faults ory check format coverage mutants bench openapi docs lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.installed ## make the environment in .venv

$(VENV)/.installed: requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it with: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: setup ## run the sandbox: the service with a stand-in Ory
	@$(BIN)/webhook-service sandbox

# What only PostgreSQL can show is left out, and said, where there is none.
POSTGRES := $(wildcard /usr/lib/postgresql/*/bin/postgres)
WITHOUT := ory or browser or faults$(if $(POSTGRES),, or postgres)

test: check ## lint, types, walls, and every test that needs no Kratos and Hydra
	@$(if $(POSTGRES),,echo "PostgreSQL (the Debian package postgresql) is not installed: its tests are left out")
	$(BIN)/pytest -m "not ($(WITHOUT))" --cov --cov-report= --cov-report=term:skip-covered
	$(BIN)/coverage report --include='webhook_service/hooks/*,webhook_service/policy/*,webhook_service/effects/*,webhook_service/simulation/*' $(if $(POSTGRES),,--omit='webhook_service/effects/store/*') --fail-under=100 --skip-covered

test-ory: setup ory ## the tests against the real Kratos and Hydra (needs Go 1.23 and gcc)
	ORY_BIN="$(ORY_BIN)" $(BIN)/pytest -m ory

test-browser: setup ory ## the tests in Chromium and behind nginx and Caddy (Debian's packages)
	ORY_BIN="$(ORY_BIN)" $(BIN)/pytest -m browser

# How often something is killed, and the seed of when: FAULT_SEED=… is to try one again.
FAULT_ROUNDS ?= 200

test-faults: setup ## kill processes, break databases, take Ory away (half an hour; FAULT_ROUNDS=20 for less)
	FAULT_ROUNDS="$(FAULT_ROUNDS)" $(BIN)/pytest -m "faults$(if $(POSTGRES),, and not postgres)"

mutants: $(MUTANTS)/.installed ## change policy/ in thousands of places, count what its tests notice (takes an hour)
	$(MUTANTS)/venv/bin/python tools/mutation "$(MUTANTS)" $(ONLY)

$(MUTANTS)/.installed: requirements-dev.txt requirements-mutants.txt
	$(PYTHON) -m venv --clear $(MUTANTS)/venv
	$(MUTANTS)/venv/bin/pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements-dev.txt -r requirements-mutants.txt
	@touch $@

ory: ## build Kratos and Hydra from their Go modules
	sh tests/ory/modules/build.sh "$(ORY_BIN)"

check: setup ## lint, types, walls
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --verbose

format: setup ## format the code
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: setup ## measure, see bench/README.md
	$(BIN)/python -m bench

openapi: setup ## write openapi.yaml anew from the schemas
	$(BIN)/python tools/openapi.py > openapi.yaml.new && mv openapi.yaml.new openapi.yaml

docs: setup ## write the tables of docs/policy.md, docs/settings.md and docs/doctor.md anew from the code
	$(BIN)/python tools/policy_reference.py
	$(BIN)/python tools/settings_reference.py
	$(BIN)/python tools/doctor_reference.py

pictures: setup ## take the pictures of the operator's page anew, with Chromium
	$(BIN)/python tools/pictures.py

# pip takes a hashed pin for its extras only where the pin names them: --no-strip-extras.
lock: setup ## pin the dependencies anew, with hashes
	$(BIN)/uv pip compile --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links --extra otel --constraint requirements.txt pyproject.toml -o requirements-otel.txt
	$(BIN)/uv pip compile --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links --extra dev --constraint requirements.txt pyproject.toml -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links --group mutants --constraint requirements-dev.txt -o requirements-mutants.txt

clean: ## remove the environment and all caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage dist
