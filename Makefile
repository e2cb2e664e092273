# The two commands are `make quickstart` and `make test`. Both need Python 3.11 or later and nothing else.

PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
INSTALL = $(BIN)/python -m uv pip install --quiet --python $(BIN)/python --constraints .ci/constraints.txt

.PHONY: quickstart test check audit constraints clean

quickstart: $(VENV)/.serving
	$(BIN)/outrider quickstart $(ARGS)

test: $(VENV)/.developing
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.developing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

audit: $(BIN)/uv
	$(BIN)/python .ci/audit.py

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than 3.11: make PYTHON=python3.11 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "no venv module: install it with 'apt install python3-venv' and try again"; rm -rf $(VENV); exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

# The sidecar with ONNX Runtime, and what starts an OpenSearch without Java, Maven or Docker. No torch.
$(VENV)/.serving: $(BIN)/uv pyproject.toml
	$(INSTALL) --editable '.[quickstart]'
	@touch $@

$(VENV)/.developing: $(BIN)/uv pyproject.toml .ci/constraints.txt
	$(INSTALL) --editable '.[torch,openvino,quickstart]' --group dev
	@touch $@ $(VENV)/.serving

constraints: $(BIN)/uv
	( echo "# The versions that the tests run with; refresh: make constraints"; \
	  $(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.11 --all-extras --group dev --no-annotate --no-header pyproject.toml ) > .ci/constraints.new
	mv .ci/constraints.new .ci/constraints.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
