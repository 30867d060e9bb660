import math

from odoo import api, models
from odoo.sql_db import db_connect
from odoo.tools import SQL


class PaymentLinkRate(models.Model):
    """How often somebody may do something.

    Each has a bucket of tokens, which fills up again at a steady rate: one token for
    each time. All that has to be known is when the bucket will be full, so that one
    short row says it, however high the limit is (the "generic cell rate algorithm" of
    ATM networks, ITU-T I.371).

    It is written in transactions of its own: a request that fails counts as well. It is
    worth nothing after a crash, and costs no more than that: PostgreSQL writes no log of
    it, so nobody waits for a disk.
    """

    _name = "payment.link.rate"
    _description = "Rate of Requests"
    _auto = False  # It has no records: `init` makes the table.
    _log_access = False

    # === CRUD METHODS === #

    def init(self):
        """Override of `base` to make a table that is not kept through a crash.

        Nor through an update, which may bring another form of it.
        """
        table = SQL.identifier(self._table)
        self.env.cr.execute(SQL("DROP TABLE IF EXISTS %s", table))
        self.env.cr.execute(
            SQL(
                "CREATE UNLOGGED TABLE %s (bucket varchar UNIQUE, full_at timestamptz)",
                table,
            )
        )

    # === BUSINESS METHODS === #

    @api.model
    def _hit(self, bucket, limit, seconds):
        """Count one more time, unless it would be one too many.

        :param str bucket: What is counted, and of whom.
        :param int limit: How often it may happen at once.
        :param int seconds: How long it takes from then on until it may happen as often
            again.
        :return: The seconds to wait; 0 if it was counted.
        :rtype: int
        """
        names = {
            "table": SQL.identifier(self._table),
            "bucket": bucket,
            # Rounded down: all of them together take no longer than the time.
            "token": SQL("%s * INTERVAL '1 microsecond'", seconds * 10**6 // limit),
            "all": SQL("%s * INTERVAL '1 second'", seconds),
        }
        # Not the registry's cursor: also who only reads is counted.
        with db_connect(self.env.cr.dbname).cursor() as cr:
            # Two who come at once wait for each other, and none has to start over.
            cr.execute(
                SQL(
                    """
                    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
                    INSERT INTO %(table)s AS rate
                         VALUES (%(bucket)s, clock_timestamp() + %(token)s)
                    ON CONFLICT (bucket) DO UPDATE
                            SET full_at = GREATEST(rate.full_at, clock_timestamp())
                                        + %(token)s
                          WHERE rate.full_at + %(token)s
                                <= clock_timestamp() + %(all)s
                      RETURNING bucket
                    """,
                    **names,
                )
            )
            if cr.rowcount:
                return 0
            cr.execute(
                SQL(
                    """
                    SELECT EXTRACT(
                               EPOCH FROM full_at + %(token)s - %(all)s
                                        - clock_timestamp()
                           )
                      FROM %(table)s
                     WHERE bucket = %(bucket)s
                    """,
                    **names,
                )
            )
            [(wait,)] = cr.fetchall() or [(0,)]
        return max(math.ceil(wait), 1)

    @api.autovacuum
    def _gc_rates(self):
        """Forget the buckets that are full: whoever comes next gets a full one."""
        self.env.cr.execute(
            SQL("DELETE FROM %s WHERE full_at < now()", SQL.identifier(self._table))
        )
