# Each target makes the environment it needs. `make` alone lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
bin := .venv/bin
actions := action.yml actions/*/action.yml
lock := uv pip compile --quiet pyproject.toml --universal --python-version 3.10 \
  --generate-hashes --no-annotate --no-header --extra local --extra build --extra gates

.PHONY: help setup demo test lint bench docs lock

help: ## this list
	@sed -n 's/^\([a-z%-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: .venv/dev.txt.made ## everything to work on agentramp, in .venv

demo: .venv/run.txt.made ## three releases under traffic, one rolled back by its own ramp, on this machine
	@PATH="$(CURDIR)/$(bin):$$PATH" $(bin)/python -m demo

test: setup ## every test; those of the actions need act, some of the evidence prometheus
	@$(bin)/python -m pytest -q

lint: setup ## ruff, mypy, and for the workflows zizmor, check-jsonschema and actionlint
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy
	$(bin)/zizmor --offline --pedantic $(actions) .github
	$(bin)/check-jsonschema --builtin-schema vendor.github-actions $(actions)
	$(bin)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml tests/actions/workflows/*.yml
	$(bin)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	@if command -v actionlint >/dev/null; then set -x; actionlint .github/workflows/*.yml tests/actions/workflows/*.yml; \
	  elif [ -n "$${CI:-}" ]; then echo "actionlint is not on PATH" >&2; exit 1; \
	  else echo "actionlint is not on PATH, so it is skipped: go install github.com/rhysd/actionlint/cmd/actionlint@latest"; fi

bench: setup ## figures of this machine beside their bounds
	@$(bin)/python -m bench

bench-%: setup ## one bench alone: bench-judge, against the rules of others; bench-crash, runs killed at every call
	@$(bin)/python -m bench.$*

docs: setup ## pages that are made from the code
	@$(bin)/python -m tests.actions.tables
	@$(bin)/python -m tests.house.commands

lock: setup ## requirements/ anew, as pyproject.toml asks
	@PATH="$(CURDIR)/$(bin):$$PATH"; $(lock) --extra access --group test --group lint --group docs --output-file requirements/dev.txt
	@PATH="$(CURDIR)/$(bin):$$PATH"; $(lock) --constraints requirements/dev.txt --output-file requirements/run.txt

.venv/dev.txt.made: requirements/dev.txt
	@bash .ci/environment dev.txt
	@touch .venv/run.txt.made # dev.txt holds all of run.txt

.venv/run.txt.made: requirements/run.txt
	@bash .ci/environment run.txt
