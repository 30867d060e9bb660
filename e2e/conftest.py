"""Fixtures for tests that need a real server: several processes, real commits, real races.

Each process of pytest gets a database of its own, a clone that is dropped afterwards. Which modules
run in the same process, and so on the same database, `dev/testing.py` says.
"""

import re
from contextlib import ExitStack, contextmanager

import pytest
from ledger import Ledger
from payers import Gateway

from dev.chromium import FLAGS, ensure_chromium
from dev.databases import (
    AUTOMATION,
    LANGUAGES,
    LOOPBACK,
    PLAIN,
    PROVIDERS,
    Databases,
)
from dev.odoo import ready_odoo
from dev.paths import ROOT, TEST_ADDONS
from dev.server import OdooServer


class Server(OdooServer):
    """A server whose database the test can also work on directly."""

    @contextmanager
    def environment(self, login="admin"):
        """Give an `Environment` of the user `login`; what it did is committed at the end.

        It runs in the test's own process, beside the server, with a registry of its own.
        """
        from odoo.api import SUPERUSER_ID, Environment
        from odoo.modules.registry import Registry

        registry = Registry(self.database).check_signaling()
        with registry.cursor() as cr:
            env = Environment(cr, SUPERUSER_ID, {})
            user = env["res.users"].search([("login", "=", login)])
            yield env(user=user)
        registry.signal_changes()

    def stop(self):
        super().stop()
        from odoo.modules.registry import Registry
        from odoo.sql_db import close_db

        Registry.delete(self.database)
        close_db(self.database)


@pytest.fixture(scope="session")
def odoo():
    """Odoo, configured in this process too: the one that `make test` prepared."""
    with ready_odoo() as ready:
        from odoo.tools import config

        path = ready.addons_path(ROOT, TEST_ADDONS)
        configuration = ready.configuration(
            "e2e", addons_path=path, http_interface="127.0.0.1"
        )
        config.parse_config(["-c", str(configuration)], setup_logging=False)
        yield ready


@pytest.fixture(scope="session")
def databases(odoo):
    return Databases(odoo)


@pytest.fixture(scope="session")
def start_server(odoo, databases):
    """Give a context manager that runs a server on a clone of a prepared database.

    Its arguments are those of `OdooServer`, and `flavour` for the database. When it ends, the
    server's log must hold no warning and no error about the addon, unless the test gives it reason
    to complain and says `check_log=False`.
    """

    @contextmanager
    def start(flavour=PLAIN, check_log=True, **options):
        if flavour == LANGUAGES:
            template = databases.with_languages()
        elif flavour in (AUTOMATION, LOOPBACK, PROVIDERS):
            template = databases.with_extra(flavour)
        else:
            template = databases.with_addon(flavour)
        options["addons_path"] = odoo.addons_path(ROOT, TEST_ADDONS)
        with databases.temporary(template, "e2e") as database:
            with Server(odoo, database, **options) as server:
                # Where a provider sends its payers back to.
                with server.environment() as env:
                    env["ir.config_parameter"].set_param("web.base.url", server.url)
                yield server
            assert not (check_log and server.complaints()), "\n".join(
                server.complaints()
            )

    return start


@pytest.fixture(scope="session")
def get_server(start_server):
    """Give a function that returns a server with these settings: if possible the last one."""
    settings = None
    with ExitStack() as stack:

        def get(**wanted):
            nonlocal settings, running
            if wanted != settings:
                stack.close()
                running = stack.enter_context(start_server(**wanted))
                settings = wanted
            return running

        running = None
        yield get


@pytest.fixture(scope="module")
def server(request, get_server):
    """A server with what the module's `SERVER` says; else with four workers and no jobs.

    The modules of one process that want the same share it.
    """
    return get_server(**getattr(request.module, "SERVER", {}))


@pytest.fixture(scope="module")
def ledger(server):
    opened = Ledger(server)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def gateway(server):
    return Gateway(server.url)


@pytest.fixture
def clean_log(server):
    """Whatever a test did, it ends without a traceback in the server's log."""
    start = len(server.log())
    yield
    log = server.log()[start:]
    assert "Traceback" not in log, log[max(log.index("Traceback") - 2000, 0) :][:6000]
    assert not re.search(r"\" 5\d\d - ", log), "the server answered with an error"


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import expect, sync_playwright

    # Other tests are at work on the same machine: as long as Playwright's own actions.
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=ensure_chromium(), args=FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def contexts(chromium):
    """The browsers that `open_tab` opens pages in, by their options."""
    opened = {}
    yield opened
    for context in opened.values():
        context.close()


@pytest.fixture
def open_tab(chromium, contexts):
    """Give a function that opens a page in a browser that knows nobody, but has seen the site.

    It has no cookies, yet need not fetch and translate all scripts again: for tests that look at
    very many pages. Its arguments are those of a browser's context.
    """
    pages, errors = [], []

    def open_page(**options):
        key = repr(options)
        if key not in contexts:
            contexts[key] = chromium.new_context(**options)
        contexts[key].clear_cookies()
        page = contexts[key].new_page()
        pages.append(page)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_page
    for page in pages:
        page.close()
    assert not errors


@pytest.fixture
def open_browser(chromium):
    """Give a function that opens a page in a fresh browser, without cookies.

    Its arguments are those of a browser's context. A script that fails fails the test.
    """
    contexts, errors = [], []

    def open_page(**options):
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors
