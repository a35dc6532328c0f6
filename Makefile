# make demo and make test set up all that they need: environment, packages, encoders.
# Needs Python 3.11 or newer and make. PYTHON names another interpreter, VENV another folder.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PYTEST = OMP_NUM_THREADS=1 $(BIN)/pytest -n 3 --dist worksteal
export TOKENIZERS_PARALLELISM = false

OUT ?= gpu-check-output

.PHONY: demo test check coverage lint docs wheel format gpu-check clean

# What the starter model tags before anything is trained: make demo TEXT="..."
TEXT ?= just saw Star Wars with Anna at the Odeon in leicester square lol

demo: $(VENV)/.ready
	@$(BIN)/gmf predict --text "$(TEXT)"
	$(BIN)/gmf encoders install minilm-mobilenet
	$(BIN)/gmf demo --out demo-output

test: $(VENV)/.ready-dev
	$(BIN)/gmf encoders install minilm-mobilenet
	$(BIN)/lint-imports
	$(PYTEST)

# The tests come last: pytest's closing line is the last one printed.
check: lint docs wheel test

# Which lines and branches the tests reach; it takes them half as long again.
coverage: $(VENV)/.ready-dev
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

# pip before 23.2, which Python 3.11 can bring, cannot install all that the tests need. The starter
# follows in a command of its own: beside gmf[dev] pip looks for the gmf it asks for in the index.
$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet 'pip>=23.2'

$(VENV)/.ready: pyproject.toml demo/pyproject.toml starter/pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable . --editable ./demo
	$(BIN)/python -m pip install --quiet --constraint constraints.txt ./starter
	touch $@

$(VENV)/.ready-dev: pyproject.toml demo/pyproject.toml starter/pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]' --editable ./demo
	$(BIN)/python -m pip install --quiet --constraint constraints.txt ./starter
	touch $@ $(VENV)/.ready
