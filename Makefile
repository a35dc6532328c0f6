# make demo and make test set up all that they need: environment, packages, encoders.
# Needs Python 3.11 or newer and make. PYTHON names another interpreter, VENV another folder.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PYTEST = OMP_NUM_THREADS=1 $(BIN)/pytest -n 3 --dist worksteal
export TOKENIZERS_PARALLELISM = false

OUT ?= gpu-check-output

.PHONY: demo test check lint docs wheel format gpu-check clean

demo: $(VENV)/.ready
	$(BIN)/gmf encoders install minilm-mobilenet
	$(BIN)/gmf demo --out demo-output

test: $(VENV)/.ready-dev
	$(BIN)/gmf encoders install minilm-mobilenet
	$(BIN)/lint-imports
	$(PYTEST)

# The tests come last: pytest's closing line is the last one printed.
check: lint docs wheel
	$(BIN)/gmf encoders install minilm-mobilenet
	$(PYTEST) --cov --cov-report=term:skip-covered

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pyright --pythonpath $(BIN)/python

docs: $(VENV)/.ready-dev
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet --conf-dir docs . site
	$(BIN)/python tools/check_site.py site

wheel: $(VENV)/.ready-dev
	$(BIN)/python tools/check_wheel.py

# On a machine with an NVIDIA card. Packages may come from a folder of wheels:
# PIP_NO_INDEX=1 PIP_FIND_LINKS=DIR make gpu-check OUT=DIR
gpu-check: $(VENV)/.ready-dev
	$(BIN)/python benchmarks/gpu_check.py --out $(OUT)

format: $(VENV)/.ready-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) demo-output gpu-check-output site build dist .coverage

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: pyproject.toml demo/pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable . --editable ./demo
	touch $@

$(VENV)/.ready-dev: pyproject.toml demo/pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]' --editable ./demo
	touch $@ $(VENV)/.ready
