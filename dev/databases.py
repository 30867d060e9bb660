"""Prepared databases: templates that are made once, and clones that commands use up.

Three layers, each named after what it is made of:

* the base: Odoo's own modules with demo data, for this Odoo and these Python packages;
* the addon's: a clone of the base with the addon installed, for the addon's files as
  they are;
* the end-to-end tests': a clone of that with one more module, or in all languages.

A template gets its name when it is complete. What a killed command left behind has
another name and is dropped by the next one.
"""

import os
import platform
import re
import shutil
from contextlib import contextmanager, suppress
from itertools import count

from .console import SetupError, phase
from .files import digest, locked
from .paths import (
    ADDON,
    ADDON_NAME,
    CACHE,
    LOCK_FILE,
    LOGS,
    ODOO_DATA,
    ROOT,
    TEST_ADDONS,
)

# The flavours of databases and the modules in them. All others are made out of the
# plain one.
PLAIN = "plain"
WEBSITE = "website"
_FLAVOURS = {
    PLAIN: ("sale_management", "account", "account_payment", "payment_demo", "sms"),
    WEBSITE: ("website",),
}
# What only some of the end-to-end tests need besides: their own payment provider, Odoo's
# automation rules, and Odoo's own modules of providers.
LOOPBACK = "loopback"
AUTOMATION = "automation"
PROVIDERS = "providers"
_EXTRAS = {
    LOOPBACK: "payment_loopback",
    AUTOMATION: "base_automation",
    PROVIDERS: "payment_stand_in",
}
# And every language that the addon is shipped in.
LANGUAGES = "languages"

_FINISH_BASE = ROOT / "dev" / "scripts" / "finish_base.py"
_LOAD_LANGUAGES = ROOT / "dev" / "scripts" / "load_languages.py"
_MAKE_BUNDLES = ROOT / "dev" / "scripts" / "make_bundles.py"
# Several checkouts, and machines, may use one PostgreSQL server; each has its own
# filestore.
_PREFIX = f"plo_{digest(platform.node(), str(CACHE))[:6]}"
# The addon's languages: the name of the translators' file, and what Odoo calls it.
SHIPPED_LANGUAGES = {
    "ar": "ar_001",
    "de": "de_DE",
    "es": "es_ES",
    "fr": "fr_FR",
    "nl": "nl_NL",
    "pt_BR": "pt_BR",
}
# What can change without the database having to change.
_NOT_INSTALLED = ("tests", "static", "readme", "__pycache__")


class Databases:
    """The prepared databases of one PostgreSQL server."""

    def __init__(self, odoo):
        self.odoo = odoo
        self.cluster = odoo.cluster

    # --- templates --------------------------------------------------------------------

    def base(self, flavour=PLAIN):
        """Return the template with Odoo's modules; make it if it is missing."""
        with self._building(self._base_name(flavour)) as name:
            if name:
                origin = "template0" if flavour == PLAIN else self.base(PLAIN)
                with phase(f"a database with Odoo's modules ({flavour})"):
                    self.clone(origin, name)
                    self._install_base(name, flavour)
        return self._base_name(flavour)

    def with_addon(self, flavour=PLAIN):
        """Return the template with the addon; make it if it is missing."""
        with self._building(self._addon_name(flavour)) as name:
            if name:
                base = self.base(flavour)
                with phase(f"a database with the addon ({flavour})"):
                    self.clone(base, name)
                    log_name = self.install_log(flavour).stem
                    self._change_modules(name, log_name, "-i", ADDON_NAME)
                    code = _MAKE_BUNDLES.read_text()
                    self.odoo.shell(name, code, f"bundles-{flavour}-addon")
        return self._addon_name(flavour)

    def with_extra(self, extra):
        """Return the template with the addon and one more module; make it if missing."""
        with self._building(self._extra_name(extra)) as name:
            if name:
                origin = self.with_addon()
                path = self.odoo.addons_path(ROOT, TEST_ADDONS)
                with phase(f"a database with {_EXTRAS[extra]}"):
                    self.clone(origin, name)
                    self._change_modules(
                        name,
                        f"install-{extra}",
                        "-i",
                        _EXTRAS[extra],
                        addons_path=path,
                    )
        return self._extra_name(extra)

    def with_languages(self):
        """Return the template with the addon in all its languages; make it if missing."""
        with self._building(self._languages_name()) as name:
            if name:
                origin = self.with_addon()
                with phase("a database in all languages"):
                    self.clone(origin, name)
                    code = _LOAD_LANGUAGES.read_text() + _MAKE_BUNDLES.read_text()
                    values = {"codes": list(SHIPPED_LANGUAGES.values())}
                    self.odoo.shell(name, code, "load-languages", values)
        return self._languages_name()

    def fetch(self, template, cluster):
        """Copy a template from another PostgreSQL server, with which the files are shared."""
        prefix = _without_key(template)
        with locked(CACHE / f"{prefix}fetching.lock"):
            if self.cluster.exists(template):
                return
            for old in self.cluster.names(prefix):
                self.cluster.drop(old)
            with phase("a copy of a database for a durable server"):
                self.cluster.create(f"{prefix}building")
                self.cluster.copy(cluster, template, f"{prefix}building")
                self.cluster.rename(f"{prefix}building", template)

    def _base_name(self, flavour):
        origin = "template0" if flavour == PLAIN else self._base_name(PLAIN)
        modules = ",".join(_FLAVOURS[flavour])
        scripts = (_FINISH_BASE, _MAKE_BUNDLES)
        key = digest(origin, self.odoo.source.key, modules, LOCK_FILE, *scripts)
        return f"{_PREFIX}_{flavour}_base_{key}"

    def _addon_name(self, flavour):
        key = digest(self._base_name(flavour), *addon_files())
        return f"{_PREFIX}_{flavour}_addon_{key}"

    def _extra_name(self, extra):
        key = digest(self._addon_name(PLAIN), *_files(TEST_ADDONS))
        return f"{_PREFIX}_{extra}_addon_{key}"

    def _languages_name(self):
        codes = ",".join(SHIPPED_LANGUAGES.values())
        key = digest(self._addon_name(PLAIN), codes, _LOAD_LANGUAGES)
        return f"{_PREFIX}_{LANGUAGES}_addon_{key}"

    @staticmethod
    def install_log(flavour=PLAIN):
        """Return the path of the log of the addon's last installation."""
        return LOGS / f"install-{flavour}-addon.log"

    def _install_base(self, database, flavour):
        options = ["-i", ",".join(_FLAVOURS[flavour]), "--with-demo"]
        log_name = f"install-{flavour}-base"
        self._change_modules(database, log_name, *options, with_addon=False)
        log_name = f"finish-{flavour}-base"
        code = _FINISH_BASE.read_text() + _MAKE_BUNDLES.read_text()
        self.odoo.shell(database, code, log_name, with_addon=False)

    def update_addon(self, database, log_name):
        """Bring a database with the addon up to the addon's files."""
        self._change_modules(database, log_name, "-u", ADDON_NAME)

    def _change_modules(
        self, database, log_name, *options, with_addon=True, **settings
    ):
        configuration = self.odoo.configuration(log_name, with_addon, **settings)
        arguments = ["server", "-c", configuration, "-d", database, *options]
        arguments += ["--stop-after-init", "--no-http", "--max-cron-threads=0"]
        self.odoo.run(*arguments, log_name=log_name)

    @contextmanager
    def _building(self, name):
        """Give the name to build a template under, or None where it exists already.

        The finished template replaces the ones of the same kind, which are out of date.
        """
        prefix = _without_key(name)
        unfinished = f"{prefix}building"
        with locked(CACHE / f"{prefix}.lock"):
            if self.cluster.exists(name) and filestore(name).exists():
                yield None
                return
            self.drop(unfinished)
            yield unfinished
            for old in self.cluster.names(prefix):
                if old != unfinished:
                    with suppress(SetupError):  # being cloned by another command
                        self.drop(old)
            filestore(unfinished).rename(filestore(name))
            self.cluster.rename(unfinished, name)

    # --- clones -----------------------------------------------------------------------

    def clone(self, template, name):
        """Make a copy of a template, its filestore included."""
        self.drop(name)
        self.cluster.create(name, template)
        # Files there are never changed in place, so links are as good as copies.
        if filestore(template).exists():
            shutil.copytree(filestore(template), filestore(name), copy_function=os.link)
        return name

    def drop(self, name):
        self.cluster.drop(name)
        shutil.rmtree(filestore(name), ignore_errors=True)

    @contextmanager
    def temporary(self, template, purpose):
        """Give a clone that is dropped afterwards."""
        name = self.clone(template, self.new_name(purpose))
        try:
            yield name
        finally:
            self.drop(name)

    def drop_abandoned(self):
        """Drop the temporary databases of commands that were killed."""
        for name in self.cluster.names(_PREFIX):
            match = re.search(r"_p(\d+)_\d+$", name)
            if match and not os.path.exists(f"/proc/{match[1]}"):
                self.drop(name)

    @staticmethod
    def new_name(purpose):
        """Return a name that no other process uses; it tells whose it is."""
        return f"{_PREFIX}_{purpose}_p{os.getpid()}_{next(_counter)}"

    @staticmethod
    def lasting_name(purpose):
        """Return the name of a database that outlives the command."""
        return f"{_PREFIX}_{purpose}"


_counter = count(1)


def filestore(database):
    return ODOO_DATA / "filestore" / database


def addon_files():
    """Return what the addon installs from: each file's path and the file."""
    if not (ADDON / "__manifest__.py").exists():
        raise SetupError(f"the addon is missing: no {ADDON_NAME}/__manifest__.py")
    return _files(ADDON, _NOT_INSTALLED)


def _files(folder, left_out=()):
    """Return each file's path below `folder` and the file, for `digest`."""
    parts = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and relative.parts[0] not in left_out:
            if "__pycache__" not in relative.parts:
                parts += [str(relative), path]
    return parts


def _without_key(template):
    """Return what the names of all templates of a kind start with."""
    return template.rpartition("_")[0] + "_"
