# Everything is installed in .venv, by uv, which pip brings, or by pip alone. `make run PYTHON=python3.12` makes it of that Python; where it is there already and of another
# version, .venv-3.12 beside it: `make test PYTHON=python3.13` says whether the tests pass on 3.13 and leaves .venv as it is.
SHELL := /bin/sh
VENV := .venv
ifdef PYTHON
VERSION := $(shell $(PYTHON) -c 'import sys; sys.version_info >= (3, 11) and print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
ifeq ($(VERSION),)
$(error $(PYTHON) is no Python 3.11 or later)
endif
ifneq ($(VERSION),$(shell sed -n 's/^version[_info]* = \(3\.[0-9]*\).*/\1/p' .venv/pyvenv.cfg 2>/dev/null || echo $(VERSION)))
VENV := .venv-$(VERSION)
endif
endif
BIN := $(VENV)/bin
# Lint and tests leave the installation's data alone.
LINT_DATA := build/lint-data
SEMGREP = SEMGREP_ENABLE_VERSION_CHECK=0 .venv-lint/bin/semgrep scan --quiet --error --metrics=off --oss-only --no-git-ignore
INSTALL = $(BIN)/python -P config/install_packages.py
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command 'make requirements'

export PORT HOST DATA_DIR DEMO CALLS LOGS_OF MINUTES
# Compiled sources are kept: else each process that is started compiles them once more.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help run test lint fuzz bench chaos screenshots docs release setup setup-dev setup-lint setup-docs setup-fuzz setup-release setup-interop setup-browser setup-autobahn asterisk requirements clean

help: ## Say what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: setup ## Start everything, place a demo call on an empty database; Ctrl-C stops it (PORT=8001 DATA_DIR=folder DEMO=0)
	@exec $(BIN)/python manage.py run

test: setup-dev setup-interop setup-autobahn setup-browser ## Run the tests, in a process a core and three more (at most six); a table at the end says what ran, and what not and why
	@$(BIN)/pytest -n auto --dist loadscope --durations=20 --durations-min=1

lint: setup-dev setup-lint ## Check style and format, types, the import contracts, this house's own rules, and that no migration is missing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	DATA_DIR=$(LINT_DATA) $(BIN)/mypy
	DATA_DIR=$(LINT_DATA) $(BIN)/lint-imports --no-logo
	.venv-lint/bin/bandit --quiet --recursive --configfile pyproject.toml config streams cdr
	$(SEMGREP) --config lint/rules.yaml config streams cdr
	DATA_DIR=$(LINT_DATA) $(BIN)/python manage.py makemigrations --check --dry-run
	DATA_DIR=$(LINT_DATA) $(BIN)/python manage.py check --fail-level WARNING

fuzz: setup-dev setup-fuzz ## Throw bytes at every parser of strangers' bytes, a minute each (SECONDS=10 PARSER=answer-xml KEEP=1)
	@DATA_DIR=build/fuzz-data DIAL_ALLOW= PYTHONPATH=build/atheris $(BIN)/python -m tests.fuzz $(PARSER) --seconds $(or $(SECONDS),60) $(if $(KEEP),--keep)

bench: setup-dev ## Measure 250 streams beside a bare relay, the console with a million calls, one account beside another's flood, callbacks a second, and calls beside storms (PART=relay, PART=growth, PART=console CALLS=100000 LOGS_OF=10, PART=shares, PART=callbacks, PART=doors, PART=memory, PART=long_stream, PART=noise, PART=conversions, PART=cores, PART=journal, PART=writes, PART=sizing, PART=churn MINUTES=10, PART=reaping)
	@$(BIN)/python -m tests.benchmarks $(PART)

chaos: setup-dev ## Do harm to running installations, every fault once, and check that nothing is lost (FAULT=words, MINUTES=10 SEED=7), or to what stands beside a steady load (STREAMS=200 MINUTES=10)
	@$(BIN)/python -m tests.chaos $(if $(FAULT),--fault '$(FAULT)') $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(if $(STREAMS),--streams $(STREAMS))

screenshots: setup-dev setup-browser ## Take the pictures of the manual anew, into docs/images, of a whole installation with a day in it
	@$(BIN)/python -m tests.screenshots

docs: setup-dev setup-docs ## Make the site of the manual in build/site, with the reference that is made of the code; it needs no network
	@DATA_DIR=$(LINT_DATA) $(BIN)/python -m docs.site
	@cd build && ../.venv-docs/bin/zensical build --strict --config-file mkdocs.yml
	@$(BIN)/python -m docs.site check

release: setup-dev setup-release ## Build the wheel, the source and the list of its parts (CycloneDX) in dist/, the same bytes from the same tree
	@rm -rf dist && $(BIN)/python -m hatchling build --directory dist
	@PYTHONWARNINGS=ignore .venv-release/bin/cyclonedx-py requirements requirements.txt --pyproject pyproject.toml --output-reproducible \
	  --output-file "$$(ls dist/*.whl | sed 's/-py3-none-any.whl/.cdx.json/')"
	@$(BIN)/python -m lint.licences dist/*.cdx.json
	@ls dist

setup: $(BIN)/uv ## Make .venv with what a running Streamdesk needs
	@$(INSTALL) requirements.txt $(VENV)

setup-dev: $(BIN)/uv ## Make .venv with what the tests and the linters need as well
	@$(INSTALL) requirements-dev.txt $(VENV)

# They are not the platform's, and have other versions of what it has. Nothing of what they see leaves the machine.
setup-lint: $(BIN)/uv ## Make .venv-lint with bandit and semgrep
	@$(INSTALL) requirements-lint.txt .venv-lint

setup-docs: $(BIN)/uv ## Make .venv-docs with what makes the manual a site
	@$(INSTALL) requirements-docs.txt .venv-docs

setup-release: $(BIN)/uv ## Make .venv-release with what lists the parts of a release
	@$(INSTALL) requirements-release.txt .venv-release

# It is in the way of nothing where it is: only `make fuzz` looks there.
setup-fuzz: $(BIN)/python ## Make build/atheris with the fuzzer, where there is one for this Python
	@digest=$$(cksum < requirements-fuzz.txt); [ "$$(cat build/atheris/installed 2>/dev/null)" = "$$digest" ] || { \
	  rm -rf build/atheris; $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes --target build/atheris \
	  -r requirements-fuzz.txt && echo "$$digest" > build/atheris/installed || { \
	  echo 'There is no atheris for this Python or this machine; the tests in tests/fuzz run without it.' >&2; false; }; }

# A customer's bot has an environment of its own, as a customer's has. Without it the tests that need it say that they were not run.
setup-interop: $(BIN)/uv ## Make .venv-interop with what a customer's bot on Pipecat needs, for one of the tests
	@$(INSTALL) requirements-interop.txt .venv-interop || true

setup-browser: setup-dev ## Bring a Chromium for the tests of the console where there is none: into build/browsers, or as root by apt
	@$(BIN)/python -m tests.setup_browser

setup-autobahn: $(BIN)/python ## Make .venv-autobahn with the Autobahn WebSocket test suite, where there is a Python 2.7
	@tests/conformance/setup_autobahn.sh $(BIN)/python

asterisk: ## Unpack a real Asterisk (Debian's unstable) in build/asterisk for the journeys; as root, with debootstrap; 500 MB, a minute
	@[ -x build/asterisk/usr/sbin/asterisk ] || { mkdir -p build && \
	  debootstrap --variant=minbase --include=asterisk sid build/asterisk > build/asterisk.log 2>&1 || { \
	  rm -rf build/asterisk; echo 'It could not be unpacked; build/asterisk.log says why.' >&2; exit 1; }; }

# Where it cannot be had, pip installs.
$(BIN)/uv: requirements-uv.txt | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes --only-binary :all: --no-compile \
	  -r requirements-uv.txt && touch $@ || echo 'There is no uv for this machine; pip installs, which takes a minute longer.' >&2

$(BIN)/python:
	@for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
	  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; python=; done; \
	[ "$$python" ] || { echo 'Streamdesk needs Python 3.11 or later. Name one that is: make run PYTHON=/path/to/python3.12' >&2; exit 1; }; \
	$$python -m venv $(VENV) || { rm -rf $(VENV); \
	  echo 'Python could not make a virtual environment. On Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }

requirements: setup-dev ## Compile requirements.in and requirements-dev.in anew, with hashes
	$(COMPILE) requirements-uv.in -o requirements-uv.txt
	$(COMPILE) requirements.in -o requirements.txt
	$(COMPILE) requirements-parquet.in -o requirements-parquet.txt
	$(COMPILE) requirements-tracing.in -c requirements.txt -o requirements-tracing.txt
	$(COMPILE) requirements-dev.in -c requirements.txt -o requirements-dev.txt
	$(COMPILE) requirements-interop.in -o requirements-interop.txt
	$(COMPILE) requirements-lint.in -o requirements-lint.txt
	$(COMPILE) requirements-docs.in -o requirements-docs.txt
	$(COMPILE) requirements-fuzz.in -o requirements-fuzz.txt
	$(COMPILE) requirements-release.in -o requirements-release.txt

clean: ## Remove .venv and those beside it, caches and build output; the data stays
	rm -rf .venv .venv-* build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
