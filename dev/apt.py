"""Debian packages without installing anything and without being root.

apt runs with a configuration of its own: its lists, its state and its downloads live in
the cache folder, and the host's package lists stay as they are. The mirror is the one
that the host uses.
"""

import os
import shutil
import subprocess
from pathlib import Path

from .console import SetupError
from .paths import CACHE

_KEYRINGS = (
    "/usr/share/keyrings/debian-archive-keyring.pgp",
    "/usr/share/keyrings/debian-archive-keyring.gpg",
)


def _run(command, **options):
    result = subprocess.run(command, capture_output=True, text=True, **options)
    if result.returncode:
        lines = (result.stderr or result.stdout).strip().splitlines()
        raise SetupError(f"{command[0]} failed: {lines[-1] if lines else 'no output'}")
    return result.stdout


def _mirrors():
    """Yield the addresses of the host's Debian mirrors, but no security archive."""
    fields = "$(RELEASE)|$(COMPONENT)|$(REPO_URI)"
    output = _run(
        ["apt-get", "indextargets", "--format", fields, "Created-By: Packages"]
    )
    seen = set()
    for line in output.splitlines():
        release, component, address = line.split("|", 2)
        if component == "main" and "-" not in release and address not in seen:
            seen.add(address)
            yield address


class PrivateApt:
    """apt for one suite, whatever release the host itself is."""

    def __init__(self, suite):
        self.suite = suite
        self.folder = CACHE / "apt" / suite
        self.environment = {**os.environ, "LC_ALL": "C"}

    def unpack(self, packages, target, dependencies=False, without=()):
        """Download `packages` and unpack their files below the folder `target`.

        :param bool dependencies: whether all that they depend on is unpacked as well
        :param without: the names of packages to leave out of that
        """
        self._require_tools()
        self._update()
        if dependencies:
            packages = [name for name in self._closure(packages) if name not in without]
        downloads = self.folder / "downloads"
        shutil.rmtree(downloads, ignore_errors=True)
        downloads.mkdir()
        self._apt("download", *packages, cwd=downloads)
        for archive in sorted(downloads.glob("*.deb")):
            _run(["dpkg-deb", "--extract", str(archive), str(target)])
        shutil.rmtree(downloads)

    def _closure(self, packages):
        """Return the names of packages and of all that they depend on."""
        options = ("--print-uris", "--yes", "--no-install-recommends")
        output = self._apt("install", *options, *packages)
        # An address in quotes, the file's name, its size and its hash.
        files = [line.split()[1] for line in output.splitlines() if line[:1] == "'"]
        return [name.split("_")[0] for name in files]

    @staticmethod
    def _require_tools():
        for tool in ("apt-get", "apt-config", "dpkg-deb"):
            if not shutil.which(tool):
                raise SetupError(f"{tool} not found (not a Debian system)")

    def _update(self):
        """Fetch the suite's package list from the first mirror that has it."""
        failure = SetupError("apt knows no Debian mirror")
        for address in _mirrors():
            self._configure(address)
            try:
                self._apt("update", "--error-on=any")
                return
            except SetupError as error:
                failure = error
        raise failure

    def _configure(self, mirror):
        """Write the private configuration.

        Of the host's settings only those about the network (`Acquire`: proxy,
        certificates) are taken over. The others may hold hooks that work on the host's
        own lists and downloads.
        """
        for name in ("lists/partial", "cache/archives/partial", "etc"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        keyring = next((path for path in _KEYRINGS if Path(path).exists()), None)
        options = f"[signed-by={keyring}] " if keyring else ""
        sources = self.folder / "etc" / "sources.list"
        sources.write_text(f"deb {options}{mirror} {self.suite} main\n")
        status = self.folder / "status"
        status.touch()
        settings = [
            line
            for line in _run(["apt-config", "dump"]).splitlines()
            if line.startswith("Acquire::")
        ]
        settings += [
            f'Dir::Etc::SourceList "{sources}";',
            'Dir::Etc::SourceParts "/dev/null";',
            'Dir::Etc::Main "/dev/null";',
            'Dir::Etc::Parts "/dev/null";',
            'Dir::Etc::Preferences "/dev/null";',
            'Dir::Etc::PreferencesParts "/dev/null";',
            f'Dir::State "{self.folder}";',
            f'Dir::State::Lists "{self.folder}/lists";',
            f'Dir::State::Status "{status}";',
            f'Dir::Cache "{self.folder}/cache";',
            # Root's apt becomes the user _apt for downloads, who may not reach the
            # cache folder.
            'APT::Sandbox::User "root";',
            # Some mirrors lag behind. Their lists are still signed, and old packages do.
            'Acquire::Check-Valid-Until "false";',
            'Acquire::Languages "none";',
            'Acquire::Retries "3";',
            # The private list holds nothing but the packages' index.
            'Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";',
            'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";',
        ]
        configuration = self.folder / "etc" / "apt.conf"
        configuration.write_text("\n".join(settings) + "\n")
        self.environment["APT_CONFIG"] = str(configuration)

    def _apt(self, *arguments, **options):
        return _run(["apt-get", "--quiet", *arguments], env=self.environment, **options)
