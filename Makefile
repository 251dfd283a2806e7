# mendwatch: `make demo` shows it, `make test` tests it. Each sets up what it needs; a second call reuses it.
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long check bench golden pins clean

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.mendwatch-ready
PYTEST := $(BIN)/python -m pytest
WORKERS ?= 3

help: ## Show this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | while IFS="$$(printf '\t')" read -r name what; do printf '  %-10s %s\n' "$$name" "$$what"; done

setup: $(STAMP) ## Create .venv and install the pinned, hash-checked dependencies

$(STAMP): requirements/dev.txt pyproject.toml tools/setup
	@tools/setup $(VENV) requirements/dev.txt
	@touch $@

demo: setup ## Watch a pretended cluster fill a quota, approve the repair, see it verified
	@$(BIN)/mendwatch demo $(DEMO)

test: setup ## Run the test-suite (under five minutes on two cores)
	@$(PYTEST) -n $(WORKERS) --dist worksteal -m "not long" $(ARGS)

test-long: setup ## Run the campaigns of minutes: repeated kills, whole demos, many seeds
	@$(PYTEST) -m long --timeout 1800 $(ARGS)

check: setup ## Lint, format, types, layers, dependencies, playbooks, content
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry .
	ANSIBLE_COLLECTIONS_PATH=remediations ANSIBLE_HOME=$(CURDIR)/.ansible $(BIN)/ansible-lint --offline --profile production remediations
	$(BIN)/mendwatch rules check
	$(BIN)/mendwatch rules fmt --check rules
	$(BIN)/mendwatch rules test
	$(BIN)/mendwatch remediations list

bench: setup ## Print what things cost, as ratios against a named peer in the same run
	@for script in bench/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

golden: setup ## Renew the golden page, the references and the schema of rules after a change that was meant
	@$(BIN)/python tests/golden/renew.py
	@$(BIN)/python tests/golden/renew_incidents.py
	@$(BIN)/python tools/metrics_reference.py
	@$(BIN)/python tools/rules_schema.py
	@$(BIN)/python tools/rules_reference.py

pins: setup ## Compile the dependencies anew into requirements/ (needs uv in .venv)
	@$(BIN)/python -m pip install -q uv
	@$(BIN)/uv pip compile -q -U --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11 pyproject.toml --group dev -o requirements/dev.txt
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11 -c requirements/dev.txt pyproject.toml -o requirements/run.txt

clean: ## Remove .venv and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .ansible build dist
