"""The demo: a database that stays, with a quotation whose payment link was sent."""

import json
import os
import socket

from .console import SetupError, note, phase
from .databases import PLAIN, Databases, addon_files
from .files import digest
from .odoo import ready_odoo
from .paths import CACHE, ROOT
from .server import OdooServer

_PREPARE = ROOT / "dev" / "scripts" / "prepare_demo.py"
_STATE = CACHE / "demo.json"


def demo(_arguments):
    """Serve the demo until Ctrl-C; make or update its database where that is needed."""
    port = _port()
    with ready_odoo() as odoo:
        demonstration = _Demo(Databases(odoo), port)
        state = demonstration.ready()
        server = OdooServer(
            odoo,
            demonstration.database,
            workers=0,
            cron_threads=1,
            port=port,
            interface=os.environ.get("HOST", "127.0.0.1"),
            name="demo",
        )
        with phase("Odoo"):
            server.start()
        try:
            _greet(server, state)
            server.process.wait()
        except (KeyboardInterrupt, SystemExit):
            with phase("stopping"):
                server.stop()
            return
        raise SetupError(f"Odoo ended by itself, see {server.log_path}")


def demo_reset(_arguments):
    """Forget the demo's database; the next start makes a new one."""
    with ready_odoo() as odoo:
        databases = Databases(odoo)
        databases.drop(databases.lasting_name("demo"))
    _STATE.unlink(missing_ok=True)
    note("The next `make demo` starts over.")


class _Demo:
    """The demo's database, and the file that tells what it was made of.

    :param Databases databases: where it is
    :param int port: the port that the links in it lead to
    """

    def __init__(self, databases, port):
        self.databases = databases
        self.database = databases.lasting_name("demo")
        self.base_url = f"http://localhost:{port}"

    def ready(self):
        """Make the database ready to be served and return its state."""
        base = self.databases.base(PLAIN)
        addon = digest(*addon_files())
        state = self._read_state()
        if state.get("base") != base:
            if state:
                note("Odoo or its packages have changed: the demo starts over")
            state = {**self._create(), "base": base}
        elif state["addon"] != addon:
            with phase("updating the addon"):
                self.databases.update_addon(self.database, "update-demo")
        self._set_base_url()
        state["addon"] = addon
        _STATE.write_text(json.dumps(state))
        return state

    def _read_state(self):
        if not _STATE.exists() or not self.databases.cluster.exists(self.database):
            return {}
        return json.loads(_STATE.read_text())

    def _create(self):
        """Make the database anew and return what there is to show in it."""
        template = self.databases.with_addon(PLAIN)
        _STATE.unlink(missing_ok=True)
        answer_path = CACHE / "demo-answer.json"
        with phase("a quotation with a payment link"):
            self.databases.clone(template, self.database)
            values = {"answer_path": str(answer_path), "base_url": self.base_url}
            self.databases.odoo.shell(
                self.database, _PREPARE.read_text(), "demo-prepare", values
            )
        answer = json.loads(answer_path.read_text())
        answer_path.unlink()
        return answer

    def _set_base_url(self):
        """Let links lead to this start's port, which may not be the last one's."""
        self.databases.cluster.sql(
            f"UPDATE ir_config_parameter SET value = '{self.base_url}'"
            " WHERE key = 'web.base.url'",
            self.database,
        )


def _port():
    """Return the port to serve on; fail at once if it is taken."""
    text = os.environ.get("PORT") or "8069"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise SetupError(f"PORT={text}: a number between 1 and 65535 is needed")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(text)))
        except OSError as failure:
            raise SetupError(
                f"port {text} cannot be used ({failure.strerror}):"
                " choose another one with `make demo PORT=8070`"
            ) from None
    return int(text)


def _greet(server, state):
    print(
        f"""
  Odoo is ready at {server.url}, login admin, password admin.

  {state["order"]}, a quotation with its payment link sent:
    {server.url}/odoo/sales/{state["order_id"]}
  The link, to be paid as the customer, best in a private window:
    {server.url}{state["page"]}

  The server's log: {server.log_path}
  Ctrl-C stops everything.
""",
        flush=True,
    )
