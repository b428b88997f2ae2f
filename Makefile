# Works on a bare machine with Python 3.11+ and make (and a C compiler where a dependency has no wheel).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help demo test test-fast test-slow test-oldest test-agents check docs format publish clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/:\t/'

$(BIN)/affetto: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, not " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	@touch $@

# First and pinned: what is resolved along with the rest may be a build for GPUs, larger by gigabytes.
TORCH := torch==2.13.0

$(VENV)/dev: pyproject.toml $(BIN)/affetto
	$(PIP) $(TORCH)
	$(PIP) --editable '.[dev]'
	@touch $@

demo: $(BIN)/affetto  ## recognize the recordings in examples/, and draw the timeline of a longer one
	$(BIN)/python examples/demo.py

# One thread for each worker, which has a core of its own: more would only wait for one another.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test: $(VENV)/dev  ## run the tests and measure their coverage (offline, under ten minutes on two cores)
	$(PYTEST) -m 'not slow' --cov --cov-report=term $(COVERAGE)

# Without what trains models, starts processes or runs the pages of the docs.
test-fast: $(VENV)/dev  ## run the tests that together take less than a minute
	$(PYTEST) -m 'not slow' --ignore-glob='tests/cli/*' --ignore-glob='tests/training/*' --ignore-glob='tests/tools/*' \
	  --ignore-glob='tests/benchmarks/*' --ignore=tests/test_documentation.py --ignore=tests/test_offline.py \
	  --ignore=tests/recognition/test_stream.py --ignore=tests/corpora/test_download.py --ignore=tests/recognition/test_processes.py --ignore=tests/features/acoustic/test_librosa_import.py

test-slow: $(VENV)/dev  ## run the tests that take minutes
	$(BIN)/python -m pytest -m slow

test-oldest:  ## run the tests with the oldest dependencies that are allowed
	$(PYTHON) -m venv $(VENV)-oldest
	$(VENV)-oldest/bin/python -m pip install --quiet --disable-pip-version-check uv $(TORCH)
	$(VENV)-oldest/bin/uv pip compile --quiet --python $(VENV)-oldest --resolution lowest-direct --extra dev pyproject.toml --output-file $(VENV)-oldest/oldest.txt
	$(VENV)-oldest/bin/python -m pip install --quiet --disable-pip-version-check --constraint $(VENV)-oldest/oldest.txt --editable '.[dev]'
	OMP_NUM_THREADS=1 $(VENV)-oldest/bin/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -m 'not slow'

# The frameworks for voice agents hold other libraries back, so they have an environment of their own.
$(VENV)-agents/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)-agents
	$(VENV)-agents/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[formats,livekit,pipecat]' hypothesis pytest pytest-cov
	@touch $@

test-agents: $(VENV)-agents/installed  ## run the tests of the stages for voice agents, with the frameworks
	OMP_NUM_THREADS=1 $(VENV)-agents/bin/python -m pytest tests/integrations --cov=affetto.integrations --cov-fail-under=90

check: $(VENV)/dev  ## lint, formatting, layers, types and published figures
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(BIN)/python -m tools.provenance --check
	$(BIN)/python -m tools.publish --check

docs: $(VENV)/dev  ## build the documentation into build/docs; warnings are errors
	$(BIN)/python -m sphinx -W --keep-going --quiet docs build/docs

format: $(VENV)/dev  ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

publish: $(VENV)/dev  ## bring tables, model cards and figures up to benchmarks/results/
	$(BIN)/python -m tools.publish

clean:  ## remove the environment and the caches
	rm -rf $(VENV) $(VENV)-oldest $(VENV)-agents build dist .mypy_cache .ruff_cache .pytest_cache .coverage*
