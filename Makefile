# Everything a newcomer, a developer and CI runs. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The first interpreter here that the project supports.
PYTHON ?= $(firstword $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	2>/dev/null && command -v $$python; done))
UV := .local/uv/bin/uv
BIN := .venv/bin
READY := .venv/ready
TESTABLE := .venv/testable
EXPORT := $(UV) export --quiet --locked --no-header --no-annotate

.PHONY: help
help: ## Say what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

$(UV): deploy/uv.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and none was found; install one or name it: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -m venv .local/uv || { echo "$(PYTHON) can't make a virtual environment; on Debian and Ubuntu install the package python3-venv"; exit 1; }
	@.local/uv/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

$(READY): $(UV) pyproject.toml uv.lock
	@echo "Setting up .venv from uv.lock"
	@UV_PYTHON_DOWNLOADS=never $(UV) sync --quiet --locked --compile-bytecode --python $(PYTHON)
	@touch $@

$(TESTABLE): $(READY)
	@echo "Adding what the tests need: Spark and a driver for Chromium"
	@UV_PYTHON_DOWNLOADS=never $(UV) sync --quiet --locked --compile-bytecode --python $(BIN)/python --group test
	@touch $@

.PHONY: setup
setup: $(READY) ## Set up the virtual environment from the lock

.PHONY: demo
demo: $(READY) ## Run the main job on this machine's stand-ins, without Docker or keys
	@$(BIN)/python -m sandbox.demo

.PHONY: test
test: $(TESTABLE) ## Run every test
	@$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

.PHONY: up
up: $(READY) ## Start Airflow's UI with the sandbox as its world
	@$(BIN)/python -m sandbox.up

.PHONY: down
down: $(READY) ## Stop what `make up` started
	@$(BIN)/python -m sandbox.down

.PHONY: docs
docs: $(READY) ## Serve the Data Docs of the last demo on loopback
	@$(BIN)/python -m include.data_docs.serve --folder .local/demo/data-docs

.PHONY: gaps
gaps: $(READY) ## List what is missing in the lake of `make up` or of .env (SINCE=2026-11-01)
	@$(BIN)/python -m sandbox.command include.gaps_command $(if $(SINCE),--since $(SINCE))

.PHONY: quarantine
quarantine: $(READY) ## List what lies in quarantine, or decide on it (ARGS="--help" says how)
	@$(BIN)/python -m sandbox.command include.quarantine.command $(ARGS)

.PHONY: propose-bounds
propose-bounds: $(READY) ## Propose a suite's bounds from the same lake's past, as a diff (DATASET=tweets DAYS=30)
	@$(BIN)/python -m sandbox.command include.suites.propose_command --dataset '$(or $(DATASET),tweets)' --days '$(or $(DAYS),30)'

.PHONY: try-suite
try-suite: $(READY) ## Say what a changed suite would do to the same lake (DATASET=tweets DAYS=7 SUITE=file)
	@$(BIN)/python -m sandbox.command include.suites.try_command --dataset '$(or $(DATASET),tweets)' --days '$(or $(DAYS),7)' $(if $(SUITE),--suite '$(SUITE)')

.PHONY: sql
sql: $(READY) ## Ask the lake of `make up` or of .env (QUERY="SELECT count(*) FROM tweets")
	@$(BIN)/python -m sandbox.command include.catalogue.command "$${QUERY:-}"

.PHONY: report
report: $(READY) ## Make the pictures of the warehouse that the same lake was loaded into
	@$(BIN)/python -m sandbox.command include.reports.command

.PHONY: export
export: $(READY) ## Write a table of the warehouse to a file (ARGS="posts nasa"; "--help" says how)
	@$(BIN)/python -m sandbox.command include.exports.command $(ARGS)

.PHONY: doctor
doctor: $(READY) ## Check every connection, permission, clock, disk and version of the same lake
	@$(BIN)/python -m sandbox.command include.doctor.command

.PHONY: prove-plain
prove-plain: $(READY) ## Install the way without Docker on an empty Debian and run a DAG there (as root)
	@$(BIN)/python -m deploy.proof.plain $(ARGS)

.PHONY: prove-image
prove-image: $(READY) ## Build both Dockerfiles without Docker and start Airflow in them (as root)
	@$(BIN)/python -m deploy.proof.image $(ARGS)

.PHONY: lint
lint: $(TESTABLE) lint-stacks lint-workflows ## Judge style, types, lock, stacks and workflows; repairs nothing
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(UV) lock --check --quiet

.PHONY: lint-stacks
lint-stacks: $(TESTABLE) ## Judge the CloudFormation templates
	@$(BIN)/cfn-lint $$(grep -l '^AWSTemplateFormatVersion' deploy/ec2/*.yaml)

.PHONY: lint-workflows
lint-workflows: $(TESTABLE) ## Judge GitHub's workflows and Dependabot's settings
	@$(BIN)/check-jsonschema --quiet --builtin-schema github-workflows .github/workflows/*.yaml
	@$(BIN)/check-jsonschema --quiet --builtin-schema dependabot .github/dependabot.yml
	@$(BIN)/zizmor --quiet --offline --strict-collection --persona pedantic .github

.PHONY: audit
audit: $(TESTABLE) ## Ask PyPI whether anything is known against a locked package
	@# It passes over what a marker rules out here, and takes no name twice: so without markers, and
	@# what the lock has for another Python in a run of its own.
	@folder=$$(mktemp -d); trap 'rm -r "$$folder"' EXIT; \
	$(EXPORT) --no-hashes --all-groups | sed 's/ *;.*//' | awk -F== -v folder="$$folder" '{ print > folder "/" ++seen[$$1] }'; \
	for locked in "$$folder"/*; do \
		$(BIN)/pip-audit --strict --progress-spinner off --disable-pip --no-deps --requirement "$$locked" \
			$$(sed -nE 's/^([A-Z]+-[^ ]+) .*/--ignore-vuln \1/p' .ci/audit-exceptions.txt); \
	done

.PHONY: image
image: POSTGRES := $(shell sed -n 's/^ *image: \(postgres:.*\)/\1/p' deploy/host/compose.yaml)
# With an attestation beside it the tag is an index of images, which ECR can't scan.
image: export BUILDX_NO_DEFAULT_ATTESTATIONS := 1
image: ## Build the host's image (IMAGE=tweet-lake)
	@docker pull --quiet --platform linux/amd64 $(POSTGRES) > /dev/null
	@postgres=$$(docker inspect --format '{{join .RepoDigests "\n"}}' $(POSTGRES) | grep -m 1 '^postgres@') && \
	docker build --platform linux/amd64 --file deploy/host/Dockerfile \
		--build-arg POSTGRES_IMAGE="$$postgres" --tag '$(or $(IMAGE),tweet-lake)' .

.PHONY: push
push: ## Build a release's image and push it to ECR (VERSION=v1.2.3)
	@deploy/ec2/release push '$(VERSION)'

.PHONY: deploy
deploy: ## Put a pushed release onto the host, and wait (VERSION=v1.2.3)
	@deploy/ec2/release deploy '$(VERSION)'

.PHONY: fix
fix: $(READY) ## Repair what can be repaired by itself
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

.PHONY: bench
bench: $(TESTABLE) ## Measure, print the tables and write .local/bench.json
	@$(BIN)/python -m benchmarks

.PHONY: lock
lock: $(UV) ## Resolve the lock anew; requirements.txt and deploy/uv.txt from it
	@$(UV) lock
	@comm -23 <($(EXPORT) --no-hashes --no-default-groups | sort) <($(EXPORT) --no-hashes --only-group astro-runtime | sort) > requirements.txt
	@sed -nE '/^dependencies = /,/^\]/s/^ +"(.+)",$$/\1/p' pyproject.toml | grep -v '^apache-airflow==' | awk -F '[][<>= ]' \
		'NR == FNR { pinned[$$1]; next } !($$1 in pinned)' requirements.txt - >> requirements.txt
	@{ echo '--only-binary :all:'; $(EXPORT) --only-group uv; } > deploy/uv.txt

.PHONY: clean
clean: ## Remove the virtual environment and everything local
	@rm -rf .venv .local
