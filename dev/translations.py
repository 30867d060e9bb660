"""The addon's texts: what there is to translate, and the files of the translators."""

import subprocess

from .console import SetupError, note, phase
from .databases import PLAIN, SHIPPED_LANGUAGES, Databases
from .odoo import ready_odoo
from .paths import ADDON, ADDON_NAME, CACHE, ROOT

_FOLDER = ADDON / "i18n"
_MERGE = ROOT / "dev" / "scripts" / "merge_translations.py"


def i18n(_arguments):
    """Write the texts that there are to `i18n/*.pot`, and bring `i18n/*.po` up to them.

    Translations stay as they are, new texts wait for one, and what is not in the addon
    any more is left out. Without changes in the addon, nothing changes.
    """
    exported = CACHE / f"{ADDON_NAME}.pot"
    with ready_odoo() as odoo:
        databases = Databases(odoo)
        databases.drop_abandoned()
        template = databases.with_addon(PLAIN)
        with databases.temporary(template, "i18n") as database:
            with phase("the texts of the addon"):
                configuration = odoo.configuration("i18n")
                arguments = ["i18n", "export", "-c", configuration, "-d", database]
                arguments += [ADDON_NAME, "-o", exported]
                odoo.run(*arguments, log_name="i18n")
        command = [str(odoo.venv.python), str(_MERGE), str(exported), str(_FOLDER)]
        command += [odoo.addons_path(), *SHIPPED_LANGUAGES]
        result = subprocess.run(command, capture_output=True, text=True)
    exported.unlink()
    if result.returncode:
        raise SetupError(f"the translations could not be merged:\n{result.stderr}")
    note(result.stdout.strip())
