# Each target makes the environment it needs. `make` alone lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
bin := .venv/bin
jobs ?= 4
actions := action.yml actions/*/action.yml
workflows := $(wildcard .github/workflows/*.yml examples/*/.github/workflows/*.yml tests/actions/workflows/*.yml)
shell := .ci/run .ci/environment actions/run actions/environment.bash
lock := uv pip compile --quiet pyproject.toml --universal --python-version 3.10 \
  --generate-hashes --no-annotate --no-header --extra local --extra build --extra gates --extra blocklet \
  $(if $(before),--upgrade --exclude-newer '$(before)')

.PHONY: help setup demo test lint bench docs lock

help: ## this list
	@sed -n 's/^\([a-z%-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: .venv/dev.txt.made ## everything to work on agentramp, in .venv

demo: .venv/run.txt.made ## three releases under traffic, one rolled back by its own ramp, on this machine
	@PATH="$(CURDIR)/$(bin):$$PATH" $(bin)/python -m demo

test: setup ## every test, those that measure after the others; some need act, some prometheus
	@$(bin)/python -m pytest -q -n $(jobs) --dist loadfile --no-loadscope-reorder -m 'not alone'
	@$(bin)/python -m pytest -q -m alone

test-%: setup ## the real thing: test-blocklet, a server installed and started; test-aigne, its CLI
	@$(bin)/python -m pytest -q --durations=0 tests/real/$*.py

lint: setup ## all linters: for the code, and six for workflows, actions and shell
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy
	$(bin)/shellcheck --external-sources $(shell)
	$(bin)/zizmor --offline --pedantic --no-progress --strict-collection --config .github/zizmor.yml $(actions) .github examples
	$(bin)/check-jsonschema --builtin-schema vendor.github-actions $(actions)
	$(bin)/check-jsonschema --builtin-schema vendor.github-workflows $(workflows)
	$(bin)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(bin)/python -m tests.node.language_service
	$(bin)/python -m tests.house.actionlint

bench: setup ## figures of this machine beside their bounds
	@$(bin)/python -m bench

bench-%: setup ## one bench alone: bench-judge, against the rules of others; bench-crash, runs killed at every call
	@$(bin)/python -m bench.$*

docs: setup ## pages that are made from the code
	@$(bin)/python -m tests.actions.tables
	@$(bin)/python -m tests.actions.workflow_tables
	@$(bin)/python -m tests.house.commands

lock: setup ## requirements/ anew, as pyproject.toml asks; before='7 days' takes the newest that are older
	@PATH="$(CURDIR)/$(bin):$$PATH"; $(lock) --extra access --extra site --group test --group lint --group docs --group release --output-file requirements/dev.txt
	@PATH="$(CURDIR)/$(bin):$$PATH"; $(lock) --constraints requirements/dev.txt --output-file requirements/run.txt

.venv/dev.txt.made: requirements/dev.txt
	@bash .ci/environment dev.txt
	@touch .venv/run.txt.made # dev.txt holds all of run.txt

.venv/run.txt.made: requirements/run.txt
	@bash .ci/environment run.txt
