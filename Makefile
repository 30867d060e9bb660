# Every command sets up what it needs in .cache/, which git ignores. See dev/__init__.py.

PYTHON ?= python3
RUN = $(PYTHON) -m dev

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test test-long quick

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo:  ## Odoo with the addon and demo data on http://localhost:8069; PORT= changes it
	@$(RUN) demo

demo-reset:  ## forget the demo's database: the next start makes a new one
	@$(RUN) demo-reset

test:  ## all tests; ARGS="-k name" passes arguments to pytest
	@$(RUN) test $(ARGS)

test-long:  ## all tests, with many more rounds in the races
	@$(RUN) test-long $(ARGS)

quick:  ## the addon's tests only, for use while writing; ARGS="-k name"
	@$(RUN) quick $(ARGS)
