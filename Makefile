# Larder's commands. `make` alone lists them. Everything lives in this folder: .venv, node_modules,
# build (dependency layers), .local (the local platform's state).
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: single-parts help setup up down status logs clean env synth check test lint conformance soak spark spark-tools bench docs snapshots cost package pipelines monitor-demo restore-drill

PYTHON ?= $(firstword $(foreach p,python3.13 python3.12 python3.11 python3,$(if $(shell $(p) -c 'import sys; print(1 if sys.version_info[:2] >= (3, 11) else "")' 2>/dev/null),$(p))))
BIN := .venv/bin
# Many tests wait for something, so that two more of them run at once than there are cores.
WORKERS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 2)))
# Where it is set, as in many containers, every child process compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE
CDK := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/node node_modules/aws-cdk/bin/cdk

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: .venv/.ready node_modules/.ready ## Python packages and the CDK CLI, into this folder

.venv/.ready: requirements.txt requirements-dev.txt
	@test -n "$(PYTHON)" || { echo "Larder needs Python 3.11 or newer on the PATH; install it, or name one: make PYTHON=/path/to/python3.12 ..."; exit 1; }
	@echo "==> Python packages into .venv ($(PYTHON); the first time takes a minute or two)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "Creating a virtual environment failed; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $$(grep '^uv==' requirements.txt)
	@$(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python -r requirements-dev.txt
	@touch $@

node_modules/.ready: package.json package-lock.json .venv/.ready
	@echo "==> the CDK CLI into node_modules"
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --silent --no-audit --no-fund
	@touch $@

up: setup ## the whole platform on this machine, the example loaded, trained on and served
	@$(BIN)/python -m local up
	@eval "$$($(BIN)/python -m local env)" && $(BIN)/python -m examples.flights && echo && \
		$(BIN)/python -m examples.training_set && echo && $(BIN)/python -m examples.serve_model

down: .venv/.ready ## stop the platform; data stay
	@$(BIN)/python -m local down

status: .venv/.ready ## what runs, where, and whether it is healthy
	@$(BIN)/python -m local status

logs: .venv/.ready ## the last lines of every part
	@$(BIN)/python -m local logs

env: .venv/.ready ## the variables that point boto3 at the local platform: eval "$(make -s env)"
	@$(BIN)/python -m local env

clean: .venv/.ready ## stop the platform and forget its data
	@$(BIN)/python -m local clean

synth: setup ## synthesize every stage into cdk.out; no account, no credentials
	@$(CDK) synth --quiet

lint: setup ## style, types, layers, dead code
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --check .; exit 1; }
	@$(BIN)/mypy
	@out=$$($(BIN)/lint-imports --no-logo 2>&1) || { echo "$$out"; exit 1; }
	@$(BIN)/vulture

check: setup ## lint, and the tests of single parts side by side: for daily work
	@$(MAKE) --no-print-directory -j2 lint single-parts

single-parts: setup
	@$(BIN)/pytest -q -n auto tests/architecture tests/handlers tests/unit

test: setup lint ## every test, the deployed platform in strict mode included
	@$(BIN)/pytest -q -n $(WORKERS) -m 'not soak and not conformance'

cost: setup ## a month's bill of a stage; STAGE=prod ARGS="--scale L --json"
	@$(BIN)/python -m stacks $(or $(STAGE),dev) | $(BIN)/python -m larder cost --choices - $(ARGS)

package: setup ## the wheel, built, installed into an empty environment and tried there
	@.ci/package

conformance: setup ## SageMaker's behaviour row by row, by boto3, both SDKs and MLflow; ENDPOINT=url for a deployed platform
	@$(BIN)/python -m tests.conformance $(if $(ENDPOINT),--endpoint $(ENDPOINT),$(if $(DOOR),--door $(DOOR),--report docs/compatibility.md))

soak: setup spark-tools ## long random histories and fault runs, in process and on the strict platform
	@$(BIN)/pytest -q -m soak --ignore=tests/conformance
	@$(BIN)/pytest -q -n $(WORKERS) -m 'hypothesis and not soak and not e2e and not conformance' --hypothesis-profile soak
	@$(BIN)/python -m tests.conformance --soak --results build/soak.json tests/conformance/test_histories.py

spark: setup spark-tools ## as-of joins and pipelines on Spark against their oracles, and through the machine; 700 MB from PyPI, Java 17
	@$(BIN)/pytest -q -m soak tests/properties/test_as_of_on_spark.py tests/properties/test_pipelines_on_spark.py tests/e2e/test_pipelines_on_spark.py

spark-tools: setup ## what Glue jobs run on, for the local platform; 700 MB from PyPI, and Java 17 on the PATH
	@$(BIN)/python -m local spark-tools

pipelines: setup ## the example's pipelines over a month, in parts, on the local platform
	@$(BIN)/python -m local up
	@eval "$$($(BIN)/python -m local env)" && $(BIN)/python -m examples.run_pipelines

monitor-demo: setup ## a shift planted in the example's traffic, and the run of monitoring that names it
	@test -n "$$LARDER_OFFLINE_BUCKET" || $(MAKE) --no-print-directory up
	@eval "$$($(BIN)/python -m local env)" && $(BIN)/python -m examples.monitor_demo

restore-drill: setup ## the online store damaged, restored to an instant and judged, on a platform of its own
	@$(BIN)/python -m tests.drills.restore

bench: setup ## speed as ratios to peers and limits, and what falls short; ONLY=part,part SAVE=1 LONG=1
	@$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY)) $(if $(SAVE),--save) $(if $(LONG),--long)

docs: .venv/.ready ## write the index of decisions and the schema of definition files again
	@$(BIN)/python docs/decisions/index.py
	@$(BIN)/python -m larder pipeline schema > docs/feature_group.schema.json

snapshots: setup ## write the snapshots of templates and of pipelines' SQL anew; read the diff
	@$(BIN)/pytest -q tests/infra tests/unit/pipelines/test_statement.py --snapshot-update
