"""What a test reads about money: straight from the database, beside the server's caches."""

from dataclasses import dataclass

import psycopg2

from dev.server import wait_until

# Jobs are woken at once; this is for a machine that is busy with other things.
_JOB_SECONDS = 180


@dataclass(frozen=True)
class Account:
    """What is written down about one link.

    :param dict states: how many of its charges are in which state
    :param int payments: how many posted payments its charges have
    :param float booked: what these payments add up to
    :param dict events: how often each type of event was recorded
    """

    state: str
    payment_status: str
    paid: float
    due: float
    surplus: float
    states: dict
    payments: int
    booked: float
    events: dict

    @property
    def settled(self):
        return self.states.get("done", 0)


class Ledger:
    """A connection of the test's own, which always sees what was committed last."""

    def __init__(self, server):
        cluster = server.odoo.cluster.environment
        self.connection = psycopg2.connect(
            dbname=server.database,
            host=cluster["PGHOST"],
            port=cluster.get("PGPORT"),
            user=cluster.get("PGUSER"),
            password=cluster.get("PGPASSWORD"),
        )
        self.connection.autocommit = True

    def close(self):
        self.connection.close()

    def rows(self, query, *parameters):
        with self.connection.cursor() as cursor:
            cursor.execute(query, parameters or None)
            return cursor.fetchall()

    def account(self, link_id):
        """Return what is written down about a link."""
        ((state, payment_status, *amounts),) = self.rows(
            "SELECT state, payment_status, amount_paid, amount_due, amount_surplus"
            " FROM payment_link WHERE id = %s",
            link_id,
        )
        ((payments, booked),) = self.rows(
            "SELECT COUNT(*), COALESCE(SUM(p.amount), 0) FROM account_payment p"
            " JOIN payment_transaction t ON t.id = p.payment_transaction_id"
            " WHERE t.payment_link_id = %s AND p.state IN ('in_process', 'paid')",
            link_id,
        )
        return Account(
            state,
            payment_status,
            *(float(amount) for amount in amounts),
            states=dict(
                self.rows(
                    "SELECT state, COUNT(*) FROM payment_transaction"
                    " WHERE payment_link_id = %s GROUP BY state",
                    link_id,
                )
            ),
            payments=payments,
            booked=float(booked),
            events=dict(
                self.rows(
                    "SELECT type, COUNT(*) FROM payment_link_event"
                    " WHERE link_id = %s GROUP BY type",
                    link_id,
                )
            ),
        )

    def wait_for_jobs(self):
        """Wait until every charge that a provider answered about is booked."""
        wait_until(
            lambda: (
                not self.rows(
                    "SELECT reference FROM payment_transaction WHERE NOT is_post_processed"
                    " AND state != 'draft' AND payment_link_id IS NOT NULL"
                )
            ),
            _JOB_SECONDS,
            "the job that books payments",
        )

    def wait_for_requests(self):
        """Wait until the job asked the providers for all captures, voids and refunds."""
        wait_until(
            lambda: (
                not self.rows(
                    "SELECT id FROM payment_transaction"
                    " WHERE payment_link_request IS NOT NULL AND state = 'draft'"
                )
            ),
            _JOB_SECONDS,
            "the job that asks the providers",
        )
        self.wait_for_jobs()
