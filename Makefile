# tonghop: from the submissions of a month to the report in each recipient's mailbox.
# `make month` and `make test` do all their set-up themselves.

PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
PERIOD ?= 2019-04
export TONGHOP_HOME ?= $(CURDIR)/var
export GX_ANALYTICS_ENABLED = false
export DO_NOT_TRACK = 1

.DEFAULT_GOAL := help
.PHONY: help month test check serve docs field benchmark repairs seed-report lock format clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

month: $(VENV)/month  ## the sample month, from the submissions to the mailed report
	@$(BIN)/tonghop sample $(PERIOD) $(TONGHOP_HOME)/inbox/$(PERIOD)
	@$(BIN)/tonghop month $(PERIOD) --inbox $(TONGHOP_HOME)/inbox/$(PERIOD)

test: $(VENV)/dev  ## every test
	@$(BIN)/python -m pytest

check: $(VENV)/dev  ## linters, types, rules and catalogue; shows all failures, not the first
	@status=0; export PYTHONWARNINGS=ignore::UserWarning; \
	$(BIN)/ruff check . || status=1; \
	$(BIN)/mypy || status=1; \
	$(BIN)/sqlfluff lint --processes 2 dbt_project/models || status=1; \
	$(BIN)/tonghop check-rules || status=1; \
	$(BIN)/python -m docs.generate --check || status=1; \
	exit $$status

serve: $(VENV)/month  ## the standing server: scheduled months and the inbox, with the Prefect pages
	@$(BIN)/tonghop serve

docs: $(VENV)/dev  ## write the reference pages (commands, indicators, rules) anew
	@$(BIN)/python -m docs.generate

field: $(VENV)/dev  ## how well the field's mailboxes are read and judged (needs the field data)
	@$(BIN)/python -m benchmarks.field
	@$(BIN)/python -m benchmarks.field_findings

benchmark: $(VENV)/dev  ## a month against the same steps done the plain way, in one run
	@$(BIN)/python -m benchmarks.month

repairs: $(VENV)/dev  ## errors planted at random: how many are found, and how many repairs are right
	@$(BIN)/python -m benchmarks.repairs

seed-report: $(VENV)/dev  ## the figures and verdicts of the published report (needs the field data)
	@$(BIN)/python -m benchmarks.seed_report && $(BIN)/python -m benchmarks.seed_verdicts

lock: $(VENV)/dev  ## pin the newest allowed versions, with hashes and without an index address
	@$(BIN)/python -m pip install -q uv
	@$(BIN)/uv pip compile -q --python-version 3.11 --generate-hashes --no-header --extra build pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --python-version 3.11 --generate-hashes --no-header --extra build --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

format: $(VENV)/dev  ## let the linter mend what it can
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

clean:  ## forget the local state of this checkout (not a home elsewhere)
	rm -rf var $(VENV)

$(VENV)/month: requirements.lock pyproject.toml
	@echo "Cài đặt môi trường (vài phút ở lần đầu) · Setting up (a few minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m flows.prefect_server prepare
	@touch $@

$(VENV)/dev: $(VENV)/month requirements-dev.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	@touch $@
