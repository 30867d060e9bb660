# Every command sets up what it needs in .cache/, which git ignores. See dev/__init__.py.

PYTHON ?= python3
RUN = $(PYTHON) -m dev

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test test-long quick lint format i18n odoo-tests bench screenshots shell lock

help:  ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo:  ## Odoo with the addon and demo data on http://localhost:8069; PORT= changes it
	@$(RUN) demo

demo-reset:  ## forget the demo's database: the next start makes a new one
	@$(RUN) demo-reset

test:  ## all tests; ARGS="-k name" passes arguments to pytest
	@$(RUN) test $(ARGS)

test-long:  ## all tests, with many more rounds where a test has rounds
	@$(RUN) test-long $(ARGS)

quick:  ## the addon's own tests only, for use while writing them; ARGS="-k name"
	@$(RUN) quick $(ARGS)

lint:  ## ruff, pylint-odoo and prettier, and whether they still find faults
	@$(RUN) lint

format:  ## rewrite the files as `make lint` wants them
	@$(RUN) format

i18n:  ## write the texts to translate to i18n/, as Odoo exports them
	@$(RUN) i18n

odoo-tests:  ## Odoo's own tests of what the addon extends, with it and without it
	@$(RUN) odoo-tests $(ARGS)

bench:  ## measure the addon beside Odoo's own payment links; ARGS="--quick --only bulk"
	@$(RUN) bench $(ARGS)

screenshots:  ## take the pictures in docs/images/ again
	@$(RUN) screenshots

shell:  ## Odoo's shell on the demo's database
	@$(RUN) shell

lock:  ## write dev/requirements.lock anew, with today's versions
	@$(RUN) lock
