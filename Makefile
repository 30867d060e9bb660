# Every command sets up what it needs in .cache/, which git ignores. See dev/__init__.py.

PYTHON ?= python3
RUN = $(PYTHON) -m dev

.DEFAULT_GOAL := help
.PHONY: help test test-long quick

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

test:  ## all tests; ARGS="-k name" passes arguments to pytest
	@$(RUN) test $(ARGS)

test-long:  ## all tests, with many more rounds in the races
	@$(RUN) test-long $(ARGS)

quick:  ## the addon's tests only, for use while writing; ARGS="-k name"
	@$(RUN) quick $(ARGS)
