"""Fixtures for tests that need a real server: several processes, real commits, real races.

Each test module gets a database of its own, a clone that is dropped afterwards.
"""

from contextlib import contextmanager

import pytest

from dev.chromium import FLAGS, ensure_chromium
from dev.databases import Databases
from dev.odoo import ready_odoo
from dev.paths import ROOT
from dev.server import OdooServer

# Addons that only these tests need: what is on the internet otherwise.
_TEST_ADDONS = ROOT / "e2e" / "addons"


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

        config.parse_config(["-c", str(ready.configuration("e2e"))])
        yield ready


@pytest.fixture(scope="session")
def databases(odoo):
    return Databases(odoo)


@pytest.fixture(scope="session")
def start_server(odoo, databases):
    """Give a context manager that runs a server on a clone of a prepared database.

    Its arguments are those of `OdooServer`, and `flavour` for the database, or the database itself
    as `template`. When it ends, the server's log must hold no warning and no error about the addon,
    unless the test gives it reason to complain and says `check_log=False`.
    """

    @contextmanager
    def start(flavour="plain", template=None, check_log=True, **options):
        template = template or databases.with_addon(flavour)
        with databases.temporary(template, "e2e") as database:
            with Server(odoo, database, **options) as server:
                yield server
            assert not (check_log and server.complaints()), "\n".join(
                server.complaints()
            )

    return start


@pytest.fixture(scope="session")
def start_loopback_server(odoo, databases, start_server):
    """Give the same as `start_server`, with the redirect provider `loopback` beside the demo's.

    It is installed once per run, into a template of its own.
    """
    from odoo.addons import __path__ as addons_path

    addons_path.append(str(_TEST_ADDONS))
    folders = (*odoo.source.addons_path, ROOT, _TEST_ADDONS)
    settings = {"addons_path": ",".join(str(folder) for folder in folders)}
    configuration = odoo.configuration("e2e-loopback", **settings)
    with databases.temporary(databases.with_addon(), "loopback") as template:
        arguments = [
            "server",
            "-c",
            configuration,
            "-d",
            template,
            "-i",
            "payment_loopback",
        ]
        arguments += ["--stop-after-init", "--no-http", "--max-cron-threads=0"]
        odoo.run(*arguments, log_name="install-loopback")

        @contextmanager
        def start(**options):
            with start_server(template=template, **settings, **options) as server:
                with (
                    server.environment() as env
                ):  # where the provider sends its payers back to
                    env["ir.config_parameter"].set_param("web.base.url", server.url)
                yield server

        yield start


@pytest.fixture(scope="module")
def server(start_server):
    """A prefork server with four workers, without scheduled jobs."""
    with start_server() as running:
        yield running


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=ensure_chromium(), args=FLAGS
        )
        yield browser
        browser.close()


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
