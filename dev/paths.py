"""Where things are. The only folders that the commands write to are below `CACHE`."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("DEV_CACHE") or ROOT / ".cache").resolve()

ADDON_NAME = "payment_link_onetime"
ADDON = ROOT / ADDON_NAME
# Addons that only the end-to-end tests need: what is on the internet otherwise.
TEST_ADDONS = ROOT / "e2e" / "addons"

LOCK_FILE = ROOT / "dev" / "requirements.lock"
LOGS = CACHE / "log"
ODOO_DATA = CACHE / "odoo-data"
