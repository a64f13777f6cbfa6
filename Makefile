# Two commands are enough to start: `make run` and `make test`. `make help` explains the others.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python

.PHONY: help
help: ## List the targets and what each is for.
	@awk 'BEGIN {FS = ":[^#]*## "} /^[a-z-]+:[^#]*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: ## Set up on the first call, then start Churn Buster on http://localhost:5000 (PORT=8000 for another).
	@exec scripts/run.sh

.PHONY: demo
demo: .venv/bin/python ## Show how to log in to the demo company again.
	@$(PYTHON) -m scripts.prepare --show-demo

.PHONY: test
test: ## Fetch what the tests need, lint, run every test on SQLite and what may differ on MariaDB.
	@scripts/install_system_packages.sh
	@scripts/make_venv.sh requirements-dev.txt
	@exec $(PYTHON) -m scripts.run_tests

.PHONY: prove
prove: ## Run the long simulations and sweeps that `make test` leaves out, on both databases.
	@scripts/install_system_packages.sh
	@scripts/make_venv.sh requirements-dev.txt
	@exec $(PYTHON) -m scripts.run_tests --prove

.PHONY: lint
lint: dev ## Check formatting, ruff's rules, the import contracts and that no migration is missing.
	@exec $(PYTHON) -m scripts.lint

.PHONY: format
format: dev ## Rewrite the code in the project's format and mend what ruff can mend by itself.
	@.venv/bin/ruff check --fix-only --quiet . && .venv/bin/ruff format .

.PHONY: bench
bench: dev ## Run the benchmarks, each against a peer measured in the same run (ONLY=record for one of them).
	@exec $(PYTHON) -m benchmarks $(ONLY)

.PHONY: screenshots
screenshots: dev ## Remake the pictures in docs/screenshots with headless Chromium; fails where a page is cut or broken.
	@exec $(PYTHON) -m scripts.screenshots

.PHONY: lock
lock: dev ## Compile requirements*.in into the locked requirements*.txt (UPGRADE=1 takes newer versions).
	@exec scripts/lock.sh $(UPGRADE)

.PHONY: dev
dev: ## Install the tools for development into .venv.
	@scripts/make_venv.sh requirements-dev.txt

.PHONY: clean
clean: ## Remove caches and collected files; data, models, uploads and .venv stay.
	@rm -rf staticfiles .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

.venv/bin/python:
	@scripts/make_venv.sh requirements.txt
