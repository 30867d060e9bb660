import math

from odoo import api, models
from odoo.sql_db import db_connect
from odoo.tools import SQL

# How long anybody looks back.
_LONGEST_WINDOW = "1 day"


class PaymentLinkRate(models.Model):
    """How often somebody did something lately.

    It is counted in transactions of its own: a request that fails counts as well. What
    is counted is worth nothing after a crash, and costs no more than that: PostgreSQL
    writes no log of it, so nobody waits for a disk, or for somebody else.
    """

    _name = "payment.link.rate"
    _description = "Rate of Requests"
    _auto = False  # It has no records: `init` makes the table.
    _log_access = False

    # === CRUD METHODS === #

    def init(self):
        """Override of `base` to make a table that is not kept through a crash."""
        table = SQL.identifier(self._table)
        self.env.cr.execute(
            SQL(
                "CREATE UNLOGGED TABLE IF NOT EXISTS %s"
                " (bucket varchar NOT NULL,"
                " hit_at timestamptz NOT NULL DEFAULT clock_timestamp())",
                table,
            )
        )
        self.env.cr.execute(
            SQL(
                "CREATE INDEX IF NOT EXISTS %s ON %s (bucket, hit_at)",
                SQL.identifier(f"{self._table}_idx"),
                table,
            )
        )

    # === BUSINESS METHODS === #

    @api.model
    def _hit(self, bucket, limit, seconds):
        """Count one more time, unless it would be one too many.

        Of some that come at the same moment, as many may be too many.

        :param str bucket: What is counted, and of whom.
        :param int limit: How often it may happen in a window of time.
        :param int seconds: How long the window is that ends now, a day at most.
        :return: The seconds to wait; 0 if it was counted.
        :rtype: int
        """
        table = SQL.identifier(self._table)
        # Not the registry's cursor: also who only reads is counted.
        with db_connect(self.env.cr.dbname).cursor() as cr:
            cr.execute(
                SQL(
                    """
                    WITH seen AS (
                        SELECT COUNT(*) AS hits,
                               EXTRACT(EPOCH FROM MIN(hit_at) - clock_timestamp()) + %s
                               AS wait
                          FROM %s
                         WHERE bucket = %s
                           AND hit_at > clock_timestamp() - %s * INTERVAL '1 second'
                    ), counted AS (
                        INSERT INTO %s (bucket) SELECT %s FROM seen WHERE hits < %s
                    )
                    SELECT hits, wait FROM seen
                    """,
                    *(seconds, table, bucket, seconds, table, bucket, limit),
                )
            )
            hits, wait = cr.fetchone()
        return max(math.ceil(wait or 0), 1) if hits >= limit else 0

    @api.autovacuum
    def _gc_rates(self):
        """Forget what nobody looks back at any more."""
        self.env.cr.execute(
            SQL(
                "DELETE FROM %s WHERE hit_at < now() - INTERVAL %s",
                SQL.identifier(self._table),
                _LONGEST_WINDOW,
            )
        )
