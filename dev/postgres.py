"""The PostgreSQL server: the user's own, or an embedded one."""

import os
import subprocess
import time
from contextlib import contextmanager
from urllib.parse import parse_qs, unquote, urlsplit

from .console import SetupError
from .embedded_postgres import EmbeddedPostgres, binaries

_VARIABLES = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGSSLMODE")

# How often a database is tried to drop that PostgreSQL itself is at work in: it takes
# no longer than a second, as the databases are small.
_DROP_ATTEMPTS = 10


class Cluster:
    """A running PostgreSQL server, as seen by a client.

    :param dict environment: the PG* variables that Odoo and libpq connect with
    :param Path programs: the folder of psql and its companions
    """

    def __init__(self, environment, programs):
        self.environment = environment
        self.programs = programs

    def sql(self, query, database="postgres"):
        """Run SQL and return the rows as a list of strings."""
        command = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]
        output = self._run(
            "psql", *command, f"--dbname={database}", f"--command={query}"
        )
        return output.splitlines()

    def exists(self, database):
        return bool(self.sql(f"SELECT 1 FROM pg_database WHERE datname = '{database}'"))

    def names(self, prefix):
        """Return the names of the databases that start with `prefix`."""
        rows = self.sql("SELECT datname FROM pg_database ORDER BY datname")
        return [name for name in rows if name.startswith(prefix)]

    def create(self, database, template="template0"):
        self._run("createdb", f"--template={template}", database)

    def drop(self, database):
        """Drop the database, even while somebody is still connected to it."""
        for attempt in range(1, _DROP_ATTEMPTS + 1):
            try:
                self._run("dropdb", "--if-exists", "--force", database)
                return
            except SetupError as error:
                # PostgreSQL is cleaning up there, and only its owner may disturb it.
                if "terminate process" not in str(error) or attempt == _DROP_ATTEMPTS:
                    raise
            time.sleep(1)

    def rename(self, database, name):
        self.sql(f'ALTER DATABASE "{database}" RENAME TO "{name}"')

    def dump(self, database):
        """Return all that a database holds, as SQL."""
        return self._run("pg_dump", "--no-owner", "--no-privileges", database)

    def copy(self, origin, database, name):
        """Copy a database from the cluster `origin` into the empty database `name`."""
        dump = origin.dump(database)
        options = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
        self._run(
            "psql", *options, "--single-transaction", f"--dbname={name}", input=dump
        )

    def _run(self, program, *arguments, input=None):
        result = subprocess.run(
            [str(self.programs / program), *arguments],
            input=input,
            capture_output=True,
            text=True,
            env={**os.environ, **self.environment},
        )
        if result.returncode:
            raise SetupError(
                f"PostgreSQL: {result.stderr.strip() or program + ' failed'}"
            )
        return result.stdout


@contextmanager
def running_cluster(venv, durable=False):
    """Give a running `Cluster`; an embedded one stops when nobody else uses it.

    :param bool durable: keep what was committed even if the machine dies. Slower;
        prepared and test databases don't need it.
    """
    programs = binaries(venv)
    environment = _environment_of_user()
    if environment:
        cluster = Cluster(environment, programs)
        cluster.sql(
            "SELECT 1"
        )  # fail here, with PostgreSQL's own message, and not in Odoo
        yield cluster
        return
    with EmbeddedPostgres(programs, durable) as embedded:
        yield Cluster(embedded.environment, programs)


def _environment_of_user():
    """Return the PG* variables of the server that the user named; empty if none."""
    if address := os.environ.get("DATABASE_URL"):
        environment = _parse(address)
    elif os.environ.get("PGHOST"):
        environment = {
            name: os.environ[name] for name in _VARIABLES if name in os.environ
        }
    else:
        return {}
    if environment.get("PGUSER") == "postgres":
        raise SetupError(
            "Odoo refuses to work as PostgreSQL's role `postgres`: name another role in"
            " DATABASE_URL or PGUSER, one with the right CREATEDB"
        )
    return environment


def _parse(address):
    """Turn postgresql://user:password@host:port/?sslmode=… into PG* variables."""
    parts = urlsplit(address)
    if parts.scheme not in ("postgres", "postgresql"):
        raise SetupError("DATABASE_URL must start with postgresql://")
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    values = {
        # A socket's folder is given as ?host=/folder
        "PGHOST": query.get("host") or parts.hostname or "localhost",
        "PGPORT": query.get("port") or (str(parts.port) if parts.port else ""),
        "PGUSER": query.get("user") or unquote(parts.username or ""),
        "PGPASSWORD": query.get("password") or unquote(parts.password or ""),
        "PGSSLMODE": query.get("sslmode", ""),
    }
    return {name: value for name, value in values.items() if value}
