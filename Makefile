# Everything runs in .venv, made on first use from pyproject.toml with the versions of constraints.txt.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
export PIP_CONSTRAINT := constraints.txt
BIN := .venv/bin
# Many tests wait for processes and clocks, so a few more than there are cores.
WORKERS ?= 4
DYNAMODB_LOCAL := .tools/dynamodb-local
SIMULATOR := amplify-dynamodb-simulator@2.9.30

.PHONY: demo test lint docs bench fuzz clean
.DEFAULT_GOAL := demo

demo: .venv/.installed  ## ingest sample_logs/ into an embedded store, report on it
	$(BIN)/footfall demo

test: .venv/.tested  ## the whole test suite; DynamoDB Local joins in after `make .tools/dynamodb-local`
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

lint: .venv/.tested  ## style, types, import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: .venv/.tested  ## write the generated parts of the documents again
	$(BIN)/cog -r README.md docs/*.md

bench: .venv/.tested  ## ratios of our hot paths to the usual ways
	$(BIN)/python -m benchmarks

fuzz: .venv/.fuzzed  ## hostile input, guided by coverage, for FUZZ_SECONDS (60) in all; what fails is written to fuzz-*
	$(BIN)/python -m fuzz

.venv/.fuzzed: .venv/.tested
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	touch $@

.venv/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "footfall needs Python 3.11 or later: make PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/.tested: .venv/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

# AWS's own emulator, as the npm registry has it; needs npm here and Java to run.
$(DYNAMODB_LOCAL):
	mkdir -p .tools/unpacked
	cd .tools && npm pack --silent $(SIMULATOR) && tar -xzf amplify-dynamodb-simulator-*.tgz -C unpacked
	mv .tools/unpacked/package/emulator $@
	rm -rf .tools/unpacked .tools/*.tgz

clean:
	rm -rf .venv .tools footfall-demo build dist
