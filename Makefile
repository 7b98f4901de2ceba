# tonghop: from the submissions of a month to the report in each recipient's mailbox.
# `make month` and `make test` do all their set-up themselves.

VENV   := .venv
# Programs are run as `python -m`: a script's first line holds the path of its Python, which may have blanks in it.
PY     := $(VENV)/bin/python
PERIOD ?= 2019-04
SEEDS  ?= 1000
SEED   ?= 1
export TONGHOP_HOME ?= $(CURDIR)/var
export GX_ANALYTICS_ENABLED = false
export DO_NOT_TRACK = 1

.DEFAULT_GOAL := help
.PHONY: help month test test-fast year year-mutants mutants mail-mutants check serve docs field benchmark repairs seed-report lock format clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

month: export TONGHOP_INBOX_TRUSTED = by_hand   # the sample is put there by hand: no mail server has seen it
month: export TONGHOP_AUTHSERV_ID =
month: export TONGHOP_RELEASE ?= automatic
month: $(VENV)/month  ## the sample month, from the submissions to the mailed report
	@$(PY) -m flows.cli sample $(PERIOD) "$$TONGHOP_HOME/inbox/$(PERIOD)"
	@$(PY) -m flows.cli month $(PERIOD) --inbox "$$TONGHOP_HOME/inbox/$(PERIOD)"

test: $(VENV)/dev  ## every test, in lanes side by side
	@$(PY) -m tests.lanes all

test-fast: $(VENV)/dev  ## the fast lane, one to two minutes: no whole month or build, no hostile file
	@$(PY) -m tests.lanes fast

check: $(VENV)/dev  ## linters, types, rules and catalogue; shows all failures, not the first
	@status=0; export PYTHONWARNINGS=ignore::UserWarning; \
	$(PY) -m ruff check . || status=1; \
	$(PY) -m mypy || status=1; \
	$(PY) -m sqlfluff lint --processes 2 dbt_project/models || status=1; \
	$(PY) -m flows.cli check-rules || status=1; \
	$(PY) -m docs.generate --check || status=1; \
	exit $$status

serve: $(VENV)/month  ## the standing server: scheduled months and the inbox, with the Prefect pages
	@$(PY) -m flows.cli serve

docs: $(VENV)/dev  ## write the reference pages (commands, indicators, rules) anew
	@$(PY) -m docs.generate

field: $(VENV)/dev  ## how well the field's mailboxes are read and judged (needs the field data)
	@$(PY) -m benchmarks.field
	@$(PY) -m benchmarks.field_findings

benchmark: $(VENV)/dev  ## a month against the same steps done the plain way, in one run
	@$(PY) -m benchmarks.month

repairs: $(VENV)/dev  ## errors planted at random: how many are found, and how many repairs are right
	@$(PY) -m benchmarks.repairs

mail-mutants: $(VENV)/dev  ## 12 000 messages changed at random: is each taken apart, and no part of it lost?
	@$(PY) -m benchmarks.mail_mutants

year: $(VENV)/dev  ## simulated years against an oracle (SEEDS=1000 SEED=1), then some with the real reader
	@$(PY) -m benchmarks.year --seeds $(SEEDS) --seed $(SEED)
	@$(PY) -m benchmarks.year --seeds 100 --seed $(SEED) --gear real

year-mutants: $(VENV)/dev  ## does the oracle of the simulated year notice? Changes that each break a promise
	@$(PY) -m benchmarks.year_mutants

mutants: $(VENV)/dev  ## about a hundred small changes, one at a time in copies of the tree: which does no test notice?
	@$(PY) -m benchmarks.mutants

seed-report: $(VENV)/dev  ## the figures and verdicts of the published report (needs the field data)
	@$(PY) -m benchmarks.seed_report && $(PY) -m benchmarks.seed_verdicts

lock: $(VENV)/dev  ## pin the newest allowed versions, with hashes and without an index address
	@$(PY) -m pip install -q uv
	@$(PY) -m uv pip compile -q --python-version 3.11 --generate-hashes --no-header --extra build pyproject.toml -o requirements.lock
	@$(PY) -m uv pip compile -q --python-version 3.11 --generate-hashes --no-header --extra build --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

format: $(VENV)/dev  ## let the linter mend what it can
	@$(PY) -m ruff check --fix . ; $(PY) -m ruff format .

clean:  ## forget the local state of this checkout (not a home elsewhere)
	rm -rf var $(VENV)

$(VENV)/packages: requirements.lock pyproject.toml
	@echo "Cài đặt môi trường (vài phút ở lần đầu) · Setting up (a few minutes the first time)"
	@test -x $(PY) || { python=$$(sh infra/find_python.sh "$(PYTHON)") && "$$python" -m venv $(VENV); }
	@$(PY) -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(PY) -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# What set-up parses once is of no use to a new home when the models, or the code that reads them, have changed since.
$(VENV)/month: $(VENV)/packages $(shell find dbt_project flows/build infra -type f -not -path '*/__pycache__/*')
	@$(PY) -m flows.set_up
	@touch $@

$(VENV)/dev: $(VENV)/packages requirements-dev.lock | $(VENV)/month
	@$(PY) -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	@touch $@
