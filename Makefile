# matcare: make run · make test · make check · make docs · make bench
# Everything happens in .venv; nothing is installed outside this folder.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: run test check docs bench clean

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "matcare needs Python 3.11 or newer: make run PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

run: $(VENV)/installed
	$(BIN)/matcare run

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "Open build/docs/index.html"

# The calibration data are not part of the project: name their folder, as in `make bench CALIBRATION=../shared/data`.
bench: $(VENV)/installed-dev
	$(BIN)/python benchmarks/national_run.py
	@if [ -n "$(CALIBRATION)" ]; then $(BIN)/python benchmarks/drive_time_accuracy.py --from "$(CALIBRATION)"; \
	else echo "drive_time_accuracy.py was not run: it needs CALIBRATION=DIR (see benchmarks/README.md)"; fi

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
