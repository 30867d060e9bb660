"""Take the pictures in docs/images/ from the running product."""

import os
import subprocess

from .chromium import ensure_chromium
from .console import SetupError, phase
from .databases import Databases
from .odoo import ready_odoo
from .paths import CACHE, ROOT
from .server import OdooServer

_SCRIPTS = ROOT / "dev" / "scripts"
_IMAGES = ROOT / "docs" / "images"


def screenshots(_arguments):
    """Send a link and pay it, on a database that is dropped afterwards."""
    chromium = ensure_chromium()
    with ready_odoo() as odoo:
        databases = Databases(odoo)
        databases.drop_abandoned()
        template = databases.with_languages()
        with databases.temporary(template, "screenshots") as database:
            shop = _prepare(odoo, database)
            with OdooServer(odoo, database, workers=0) as server:
                _take(odoo, server.url, shop, chromium)


def _prepare(odoo, database):
    """Set up a shop and return what `prepare_screenshots.py` says of it, as JSON."""
    answer_path = CACHE / "screenshots-answer.json"
    with phase("a shop with a quotation"):
        code = (_SCRIPTS / "prepare_screenshots.py").read_text()
        values = {"answer_path": str(answer_path)}
        odoo.shell(database, code, "screenshots-prepare", values)
    answer = answer_path.read_text()
    answer_path.unlink()
    return answer


def _take(odoo, url, shop, chromium):
    environment = odoo.environment
    environment["PYTHONPATH"] += os.pathsep + str(ROOT)
    script = _SCRIPTS / "take_screenshots.py"
    command = [str(odoo.venv.python), str(script), url, shop]
    result = subprocess.run([*command, str(_IMAGES), chromium], env=environment)
    if result.returncode:
        raise SetupError("the pictures could not be taken")
